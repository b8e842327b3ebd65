// How fast something goes, and when it will be done: from what was seen during the last seconds, because the stages of a job differ.

export interface Sample {
  at: number;
  done: number;
}

/** What is older says nothing about now. */
const WINDOW_MS = 15_000;
/** Below this a rate is a guess. */
const LEAST_MS = 1500;

/** The samples with one more; begins anew when the count went back, as it does with a new stage. */
export function withSample(samples: Sample[], next: Sample): Sample[] {
  const last = samples.at(-1);
  if (last && next.done < last.done) return [next];
  return [...samples.filter((sample) => next.at - sample.at <= WINDOW_MS), next];
}

/** Units a second, and the milliseconds that are left of `total`. */
export function pace(samples: Sample[], total: number | null): { rate: number; left: number | null } | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || last.at - first.at < LEAST_MS || last.done <= first.done) return null;
  const rate = ((last.done - first.done) * 1000) / (last.at - first.at);
  return { rate, left: total === null ? null : (Math.max(0, total - last.done) / rate) * 1000 };
}
