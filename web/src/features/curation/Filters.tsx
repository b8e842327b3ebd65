// Search and filters of the list; all of them stand in the address, so that a link shows the same list.

import { SearchOutlined } from "@ant-design/icons";
import { getRouteApi } from "@tanstack/react-router";
import { Input, Select, type InputRef } from "antd";
import { useEffect, useState, type RefObject } from "react";
import { useSettled } from "../../components";
import { useI18n } from "../../i18n";
import { LANGUAGES, SORTS, STATES, type ClusterSearch, type MapSearch } from "./routes";

const route = getRouteApi("/console/clusters");
const MOST_SEARCH = 200;

export function Filters({ searchField }: { searchField: RefObject<InputRef | null> }) {
  const { t } = useI18n();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: Partial<Record<keyof ClusterSearch, unknown>>) =>
    void navigate({ replace: true, search: (before) => ({ ...before, ...part }) as ClusterSearch });

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
        aria-label={t("curation.search")}
        placeholder={t("curation.search")}
        maxLength={MOST_SEARCH}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        data-testid="cluster-search"
      />
      <StateAndLanguage search={search} onChange={change} />
      <Select
        aria-label={t("curation.coverage")}
        value={search.covered === undefined ? "all" : String(search.covered)}
        popupMatchSelectWidth={false}
        onChange={(covered) => change({ covered: covered === "all" ? undefined : covered === "true" })}
        options={[
          { value: "all", label: t("curation.anyCoverage") },
          { value: "false", label: t("curation.notCovered") },
          { value: "true", label: t("curation.covered") },
        ]}
        data-testid="filter-covered"
      />
      <Select
        aria-label={t("curation.conflicts")}
        value={search.conflicting === undefined ? "all" : String(search.conflicting)}
        popupMatchSelectWidth={false}
        onChange={(conflicting) => change({ conflicting: conflicting === "all" ? undefined : conflicting === "true" })}
        options={[
          { value: "all", label: t("curation.anyConflicts") },
          { value: "true", label: t("curation.withConflicts") },
          { value: "false", label: t("curation.withoutConflicts") },
        ]}
        data-testid="filter-conflicting"
      />
      <Select
        aria-label={t("curation.sort")}
        value={search.sort ?? "size"}
        popupMatchSelectWidth={false}
        onChange={(sort) => change({ sort: sort === "size" ? undefined : sort })}
        options={SORTS.map((sort) => ({ value: sort, label: t(`curation.sort_${sort}`) }))}
        data-testid="sort"
      />
    </>
  );
}

/** What the list and the map are both narrowed by. */
export function StateAndLanguage({ search, onChange }: { search: MapSearch; onChange: (part: Partial<Record<keyof MapSearch, unknown>>) => void }) {
  const { t } = useI18n();
  return (
    <>
      <Select
        aria-label={t("curation.state")}
        value={search.state ?? "all"}
        popupMatchSelectWidth={false}
        onChange={(state) => onChange({ state: state === "all" ? undefined : state })}
        options={[{ value: "all", label: t("curation.anyState") }, ...STATES.map((state) => ({ value: state, label: t(`curation.state_${state}`) }))]}
        data-testid="filter-state"
      />
      <Select
        aria-label={t("curation.language")}
        value={search.language ?? "all"}
        popupMatchSelectWidth={false}
        onChange={(language) => onChange({ language: language === "all" ? undefined : language })}
        options={[{ value: "all", label: t("curation.anyLanguage") }, ...LANGUAGES.map((language) => ({ value: language, label: t(`common.${language}`) }))]}
        data-testid="filter-language"
      />
    </>
  );
}
