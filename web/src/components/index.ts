// What pages are made of. Chart and Markdown are imported by their own path, so that a page without them does not load them.

export { DataTable, SkeletonRows, type DataColumn } from "./DataTable";
export { CopyButton } from "./CopyButton";
export { Diff } from "./Diff";
export { csv, offerFile } from "./download";
export { EmptyState } from "./EmptyState";
export { ErrorNotice } from "./ErrorNotice";
export { Keys, useHotkeys } from "./Keys";
export { NeedsDesk } from "./NeedsDesk";
export { PageHeader } from "./PageHeader";
export { useAppearance } from "./appearance";
export { useCursorPages } from "./useCursorPages";
export { useKept } from "./kept";
