// A table over a list of the service: pages come from the server, columns are chosen by the person and kept. While the first page is on its
// way, rows of the final height stand in for it, so that nothing jumps.

import { DownOutlined, LeftOutlined, RightOutlined, SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Select, Skeleton, Table, type TableProps } from "antd";
import type { ColumnType } from "antd/es/table";
import { useMemo, type ReactNode } from "react";
import { useI18n } from "../i18n";
import { ErrorNotice } from "./ErrorNotice";
import { useKept } from "./kept";
import { PAGE_SIZES, type CursorPages } from "./useCursorPages";

export interface DataColumn<T> extends Omit<ColumnType<T>, "key" | "title" | "children" | "hidden"> {
  /** Names the column; what a person has chosen is kept under it. */
  id: string;
  title: string;
  /** Can't be hidden. */
  always?: boolean;
  /** Hidden until somebody asks for it. */
  hidden?: boolean;
}

interface Props<T> {
  /** Names the table; what a person has chosen is kept under it. */
  name: string;
  /** For screen readers. */
  label: string;
  columns: DataColumn<T>[];
  rowKey: (row: T) => string;
  pages: CursorPages<T>;
  /** Shown when the list is empty. */
  empty: ReactNode;
  /** Left of the column chooser: filters. */
  toolbar?: ReactNode;
  rowSelection?: TableProps<T>["rowSelection"];
  expandable?: TableProps<T>["expandable"];
  rowClassName?: TableProps<T>["rowClassName"];
  onRow?: TableProps<T>["onRow"];
  scrollX?: number | "max-content";
  /** Rows drawn as they scroll into view; wants every column's width. */
  virtualHeight?: number;
}

const SKELETON_ROWS = 8;
const isIdList = (value: unknown): value is string[] => Array.isArray(value) && value.every((id) => typeof id === "string");

export function DataTable<T extends object>(props: Props<T>) {
  const { name, label, columns, rowKey, pages, empty, toolbar, scrollX = "max-content", virtualHeight } = props;
  const { t } = useI18n();
  const initial = useMemo(() => columns.filter((column) => !column.hidden).map((column) => column.id), [columns]);
  const [chosen, choose] = useKept(`columns.${name}`, initial, isIdList);
  const shown = columns.filter((column) => column.always === true || chosen.includes(column.id));
  const tableColumns = shown.map((column) => ({ ...column, key: column.id, hidden: false }));

  return (
    <div className="data-table" data-testid={`table-${name}`} aria-busy={pages.isFetching}>
      <div className="table-toolbar">
        <div className="table-filters">{toolbar}</div>
        <ColumnChooser columns={columns} chosen={chosen} onChoose={choose} onReset={() => choose(initial)} />
      </div>
      {pages.error && <ErrorNotice error={pages.error} onRetry={pages.reload} />}
      {pages.isLoading ? (
        <SkeletonRows columns={Math.min(6, shown.length)} />
      ) : pages.items.length === 0 && pages.page === 1 && !pages.error ? (
        empty
      ) : (
        <Table<T>
          aria-label={label}
          size="middle"
          columns={tableColumns}
          dataSource={pages.items}
          rowKey={rowKey}
          pagination={false}
          scroll={virtualHeight === undefined ? { x: scrollX } : { x: scrollX === "max-content" ? 1000 : scrollX, y: virtualHeight }}
          virtual={virtualHeight !== undefined}
          {...(props.rowSelection ? { rowSelection: props.rowSelection } : {})}
          {...(props.expandable ? { expandable: props.expandable } : {})}
          {...(props.rowClassName ? { rowClassName: props.rowClassName } : {})}
          {...(props.onRow ? { onRow: props.onRow } : {})}
        />
      )}
      {(pages.hasNext || pages.page > 1 || pages.items.length > PAGE_SIZES[0]) && <Pager pages={pages} labels={{ previous: t("common.previous"), next: t("common.next") }} />}
    </div>
  );
}

function Pager<T>({ pages, labels }: { pages: CursorPages<T>; labels: { previous: string; next: string } }) {
  const { t } = useI18n();
  return (
    <nav className="pager" aria-label={t("common.page", { n: pages.page })}>
      <Select
        aria-label={t("common.perPage")}
        title={t("common.perPage")}
        value={pages.size}
        onChange={pages.setSize}
        options={PAGE_SIZES.map((size) => ({ value: size, label: t("common.rows", { n: size }) }))}
        popupMatchSelectWidth={false}
        size="small"
      />
      <span className="pager-place">
        <Button size="small" icon={<LeftOutlined />} aria-label={labels.previous} disabled={pages.page === 1} onClick={pages.previous} data-testid="page-previous" />
        <span aria-live="polite">{t("common.page", { n: pages.page })}</span>
        <Button size="small" icon={<RightOutlined />} aria-label={labels.next} disabled={!pages.hasNext} onClick={pages.next} data-testid="page-next" />
      </span>
    </nav>
  );
}

interface ChooserProps {
  columns: { id: string; title: string; always?: boolean }[];
  chosen: string[];
  onChoose: (ids: string[]) => void;
  onReset: () => void;
}

function ColumnChooser({ columns, chosen, onChoose, onReset }: ChooserProps) {
  const { t } = useI18n();
  const options = columns.filter((column) => !column.always).map((column) => ({ label: column.title, value: column.id }));
  if (options.length === 0) return null;
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className="column-chooser" role="group" aria-label={t("common.columns")} data-testid="column-chooser">
          <Checkbox.Group options={options} value={chosen} onChange={onChoose} />
          <Button size="small" type="link" onClick={onReset}>
            {t("common.columnsReset")}
          </Button>
        </div>
      }
    >
      <Button icon={<SettingOutlined />} data-testid="columns">
        {t("common.columns")} <DownOutlined className="caret" />
      </Button>
    </Popover>
  );
}

/** Rows of a table's height while its first page is on its way. */
export function SkeletonRows({ columns = 4, rows = SKELETON_ROWS }: { columns?: number; rows?: number }) {
  const { t } = useI18n();
  return (
    <div className="skeleton-rows" role="status" aria-label={t("common.loading")}>
      {Array.from({ length: rows + 1 }, (_row, line) => (
        <div key={line} className="skeleton-row">
          {Array.from({ length: columns }, (_cell, place) => (
            <Skeleton.Node key={place} active className="skeleton-cell">
              {" "}
            </Skeleton.Node>
          ))}
        </div>
      ))}
    </div>
  );
}
