// What pages are made of. Chart and Markdown are imported by their own path, so that a page without them does not load them.

export { DataTable, SkeletonRows, type DataColumn } from "./DataTable";
export { CopyButton } from "./CopyButton";
export { Diff } from "./Diff";
export { csv, offerFile, type Cell } from "./download";
export { EmptyState } from "./EmptyState";
export { ErrorNotice } from "./ErrorNotice";
export { NearDuplicates, NearList, useNearDuplicates, useSettled, type NearDuplicate } from "./NearDuplicates";
export { hasEnded, JobLine } from "./JobLine";
export { isTyping, Keys, useHotkeys } from "./Keys";
export { NeedsDesk } from "./NeedsDesk";
export { ChangeProblem } from "./Overtaken";
export { PageHeader } from "./PageHeader";
export { ServiceWords } from "./ServiceWords";
export { Sparkline } from "./Sparkline";
export { askedIn, QuestionsField } from "./QuestionsField";
export { openPlaceholders, SlotText } from "./SlotText";
export { useAppearance } from "./appearance";
export { useCursorPages } from "./useCursorPages";
export { useKept } from "./kept";
export { everyWeek } from "./weeks";
