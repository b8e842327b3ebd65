// Every entry of the desk.

import { DownloadOutlined, DownOutlined, ImportOutlined, PlusOutlined, SearchOutlined } from "@ant-design/icons";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Button, Dropdown, Input, Select, Tag, type InputRef } from "antd";
import { useEffect, useMemo, useRef, useState } from "react";
import "../../components/editing.css";
import "./knowledge.css";
import { api, need, useDesk, useMe } from "../../api";
import { DataTable, EmptyState, NeedsDesk, PageHeader, useCursorPages, useHotkeys, useSettled, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { BulkBar } from "./BulkBar";
import { entriesKey, exportAddress, FORMATS, type Entry } from "./api";
import { StatusTag, useValidity } from "./EntryBits";
import { entrySearch, LANGUAGES, STATUSES, type EntrySearch } from "./routes";

const route = getRouteApi("/console/knowledge");

export default function EntriesPage() {
  return (
    <NeedsDesk>
      <Entries />
    </NeedsDesk>
  );
}

function Entries() {
  const { t } = useI18n();
  const desk = useDesk();
  const mayWrite = useMe().may("WriteEntries");
  const filters = entrySearch({ ...route.useSearch() });
  const navigate = route.useNavigate();
  const searchField = useRef<InputRef>(null);
  const pages = useCursorPages<Entry>({
    name: "entries",
    queryKey: [...entriesKey(desk), "list", filters],
    load: ({ signal, ...page }) => need(api.GET("/v1/entries", { params: { query: { desk, ...filters, ...page } }, signal })),
  });
  const columns = useColumns();
  const [chosen, setChosen] = useState<Entry[]>([]);
  useHotkeys({
    "/": () => searchField.current?.focus(),
    ...(mayWrite ? { n: () => void navigate({ to: "/knowledge/new" }) } : {}),
  });
  const filtered = Object.keys(filters).length > 0;
  const writeOne = (
    <Link to="/knowledge/new">
      <Button type="primary" icon={<PlusOutlined />} tabIndex={-1} data-testid="new-entry">
        {t("knowledge.new")}
      </Button>
    </Link>
  );
  return (
    <>
      <PageHeader title={t("knowledge.title")} lead={t("knowledge.lead")}>
        <Export desk={desk} />
        {mayWrite && (
          <Link to="/knowledge/import">
            <Button icon={<ImportOutlined />} tabIndex={-1} data-testid="to-import">
              {t("knowledge.import")}
            </Button>
          </Link>
        )}
        {mayWrite && writeOne}
      </PageHeader>
      <DataTable<Entry>
        name="entries"
        label={t("knowledge.title")}
        columns={columns}
        rowKey={(entry) => entry.id}
        pages={pages}
        toolbar={chosen.length > 0 ? <BulkBar desk={desk} chosen={chosen} onDone={setChosen} /> : <Filters searchField={searchField} />}
        {...(mayWrite
          ? {
              rowSelection: {
                selectedRowKeys: chosen.map(({ id }) => id),
                preserveSelectedRowKeys: true,
                onChange: (_keys, entries) => setChosen(entries.filter(Boolean)),
                getCheckboxProps: (entry) => ({ "aria-label": t("knowledge.choose", { name: entry.questions[0] ?? entry.external_id }) }),
                getTitleCheckboxProps: () => ({ "aria-label": t("knowledge.chooseAll") }),
              },
            }
          : {})}
        empty={
          filtered ? (
            <EmptyState title={t("knowledge.noneFound")} text={t("knowledge.noneFoundText")}>
              <Button onClick={() => void navigate({ search: ({ desk: same }) => (same === undefined ? {} : { desk: same }) })}>{t("knowledge.clearFilters")}</Button>
            </EmptyState>
          ) : (
            <EmptyState title={t("knowledge.empty")} text={t("knowledge.emptyText")}>
              {mayWrite && writeOne}
            </EmptyState>
          )
        }
      />
    </>
  );
}

function useColumns(): DataColumn<Entry>[] {
  const { t, format } = useI18n();
  const validity = useValidity();
  return useMemo<DataColumn<Entry>[]>(
    () => [
      {
        id: "question",
        title: t("knowledge.entry"),
        always: true,
        width: 340,
        render: (_value, entry) => (
          <div className="entry-cell">
            <Link to="/knowledge/$id" params={{ id: entry.id }} data-testid="entry-link">
              {entry.questions[0]}
            </Link>
            <span className="quiet small entry-excerpt">{entry.answer === "" ? t("knowledge.noAnswer") : entry.answer}</span>
          </div>
        ),
      },
      { id: "status", title: t("knowledge.status"), width: 88, render: (_value, entry) => <StatusTag status={entry.status} /> },
      { id: "variants", title: t("knowledge.variants"), width: 90, align: "right", className: "figure", render: (_value, entry) => format.number(entry.questions.length) },
      { id: "language", title: t("knowledge.language"), width: 84, render: (_value, entry) => t(`common.${entry.language}`) },
      {
        id: "tags",
        title: t("knowledge.tags"),
        width: 150,
        render: (_value, entry) => (
          <span className="tags">
            {entry.tags.map((tag) => (
              <Link key={tag} to="/knowledge" search={(before) => ({ ...before, tag })} className="tag-link">
                {tag}
              </Link>
            ))}
          </span>
        ),
      },
      { id: "validity", title: t("knowledge.validity"), width: 140, render: (_value, entry) => validity(entry) },
      { id: "owner", title: t("knowledge.owner"), width: 170, hidden: true, render: (_value, entry) => entry.owner && <Link to="/knowledge" search={(before) => ({ ...before, owner: entry.owner ?? "" })}>{entry.owner}</Link> },
      { id: "updated", title: t("knowledge.updated"), width: 112, className: "nowrap", render: (_value, entry) => <time dateTime={entry.updated_at}>{format.ago(entry.updated_at)}</time> },
      { id: "by", title: t("knowledge.updatedBy"), width: 140, hidden: true, render: (_value, entry) => entry.updated_by },
      { id: "version", title: t("knowledge.version"), width: 90, align: "right", className: "figure", hidden: true, render: (_value, entry) => format.number(entry.version) },
      { id: "external", title: t("knowledge.externalId"), width: 200, hidden: true, render: (_value, entry) => <code>{entry.external_id}</code> },
    ],
    [t, format, validity],
  );
}

function Filters({ searchField }: { searchField: React.RefObject<InputRef | null> }) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<Record<keyof EntrySearch, unknown>>) => void navigate({ replace: true, search: (before) => ({ ...before, ...part }) as EntrySearch });
  const [typed, setTyped] = useState(search.q ?? "");
  const settled = useSettled(typed.trim(), 300);
  useEffect(() => {
    void navigate({ replace: true, search: (before) => ({ ...before, q: settled === "" ? undefined : settled }) });
  }, [settled, navigate]);
  return (
    <>
      <Input
        ref={searchField}
        className="search-field"
        allowClear
        prefix={<SearchOutlined />}
        aria-label={t("knowledge.search")}
        placeholder={t("knowledge.search")}
        maxLength={200}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        data-testid="entry-search"
      />
      <Select
        aria-label={t("knowledge.status")}
        value={search.status ?? "all"}
        popupMatchSelectWidth={false}
        onChange={(status) => change({ status: status === "all" ? undefined : status })}
        options={[{ value: "all", label: t("knowledge.anyStatus") }, ...STATUSES.map((status) => ({ value: status, label: t(`editing.status_${status}`) }))]}
        data-testid="filter-status"
      />
      <Select
        aria-label={t("knowledge.language")}
        value={search.language ?? "all"}
        popupMatchSelectWidth={false}
        onChange={(language) => change({ language: language === "all" ? undefined : language })}
        options={[{ value: "all", label: t("knowledge.anyLanguage") }, ...LANGUAGES.map((language) => ({ value: language, label: t(`common.${language}`) }))]}
        data-testid="filter-language"
      />
      <TagFilter value={search.tag} onChange={(tag) => change({ tag })} />
      {search.owner !== undefined && (
        <Tag closable onClose={() => change({ owner: undefined })}>
          {t("knowledge.owner")}: {search.owner}
        </Tag>
      )}
    </>
  );
}

function TagFilter({ value, onChange }: { value: string | undefined; onChange: (tag: string | undefined) => void }) {
  const { t } = useI18n();
  const [typed, setTyped] = useState("");
  if (value !== undefined) {
    return (
      <Tag closable onClose={() => onChange(undefined)} data-testid="tag-filter">
        {t("knowledge.tag")}: {value}
      </Tag>
    );
  }
  return (
    <Input
      className="tag-field"
      aria-label={t("knowledge.tagExact")}
      placeholder={t("knowledge.tagExact")}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onPressEnter={() => {
        if (typed.trim() !== "") onChange(typed.trim());
        setTyped("");
      }}
    />
  );
}

function Export({ desk }: { desk: string }) {
  const { t } = useI18n();
  const items = FORMATS.filter((format) => format !== "md").map((format) => ({
    key: format,
    label: (
      <a href={exportAddress(desk, format)} download data-testid={`export-${format}`}>
        {t(`knowledge.format_${format}`)}
      </a>
    ),
  }));
  return (
    <Dropdown trigger={["click"]} menu={{ items }}>
      <Button icon={<DownloadOutlined />} aria-haspopup="menu" data-testid="export">
        {t("knowledge.export")} <DownOutlined className="caret" />
      </Button>
    </Dropdown>
  );
}
