// Weeks as the service counts them: those without a question are left out of its answer and drawn as zero.

const WEEK = 7 * 24 * 60 * 60 * 1000;

export interface WeekCount {
  week: string;
  questions: number;
}

/** The same weeks without holes, oldest first. */
export function everyWeek(weeks: WeekCount[]): WeekCount[] {
  const filled: WeekCount[] = [];
  for (const week of weeks) {
    const at = Date.parse(week.week);
    const before = filled.at(-1);
    if (before) {
      for (let missing = Date.parse(before.week) + WEEK; missing < at; missing += WEEK) filled.push({ week: new Date(missing).toISOString(), questions: 0 });
    }
    filled.push(week);
  }
  return filled;
}
