import type { Key } from "../../i18n";

/** Stages are the service's own words; those it has today are translated, a newer one is shown as it is. */
const KNOWN = {
  reading: "imports.stage_reading",
  embedding: "imports.stage_embedding",
  building: "imports.stage_building",
  grouping: "imports.stage_grouping",
  learning: "imports.stage_learning",
  trying: "imports.stage_trying",
  "asking the archive": "imports.stage_asking_the_archive",
  "reading failures": "imports.stage_reading_failures",
  "looking for answers": "imports.stage_looking_for_answers",
  "reading questions": "imports.stage_reading_questions",
  "reading vectors": "imports.stage_reading_vectors",
  "finding neighbours": "imports.stage_finding_neighbours",
} as const satisfies Record<string, Key>;

export const STAGES: Partial<Record<string, (typeof KNOWN)[keyof typeof KNOWN]>> = KNOWN;
