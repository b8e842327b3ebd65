// A reader for the service's own description of its API. Open to everybody, like the description.

import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { Input, Skeleton, type InputRef } from "antd";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { api, problemOf } from "../../api";
import { ErrorNotice, Keys, PageHeader, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import "./apidocs.css";
import { grouped, isKnownTag, matches, routesOf } from "./operations";
import { OperationView } from "./OperationView";
import { Schemas, type Document } from "./schema";
import { Words } from "./Words";

/** The description describes everything but itself: its own shape is OpenAPI's. */
async function readDocument(signal: AbortSignal): Promise<Document> {
  const { data, error, response } = await api.GET("/openapi.json", { signal });
  if (!response.ok) throw problemOf(response, error);
  return data as Document;
}

export default function DocsPage() {
  const { t, language } = useI18n();
  const { hash } = useLocation();
  const navigate = useNavigate();
  const [filter, setFilter] = useState("");
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const field = useRef<InputRef>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["openapi"],
    queryFn: ({ signal }) => readDocument(signal),
    staleTime: Infinity,
  });
  const schemas = useMemo(() => data && new Schemas(data), [data]);
  const wanted = useDeferredValue(filter.trim());
  const groups = useMemo(() => (data ? grouped(routesOf(data).filter((route) => matches(route, wanted))) : []), [data, wanted]);
  useHotkeys({ "/": () => field.current?.focus() });

  useEffect(() => {
    if (data && hash !== "") document.getElementById(hash)?.scrollIntoView();
  }, [data, hash]);

  const isOpen = (id: string) => opened.has(id) || hash === id;
  const toggle = (id: string, open: boolean) => {
    setOpened((before) => new Set(open ? [...before, id] : [...before].filter((one) => one !== id)));
    // The address names what was opened last, so that it can be passed on.
    void navigate({ to: ".", search: true, hash: open ? id : "", replace: true, hashScrollIntoView: false, resetScroll: false });
  };

  return (
    <div className="docs">
      <PageHeader title={t("apidocs.title")} lead={data && t("apidocs.lead", { version: data.info.version })}>
        <a href="/openapi.json">openapi.json</a>
      </PageHeader>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 14 }} />}
      {data && schemas && (
        <>
          <section className="panel docs-intro">
            {language === "zh" && <p className="quiet">{t("apidocs.original")}</p>}
            <Words text={data.info.description ?? ""} />
          </section>
          <div className="docs-filter">
            <Input ref={field} allowClear value={filter} onChange={(event) => setFilter(event.target.value)} placeholder={t("apidocs.filterPlaceholder")} aria-label={t("apidocs.filter")} suffix={filter === "" ? <Keys of={["/"]} /> : undefined} data-testid="docs-filter" />
          </div>
          {groups.map(({ tag, routes }) => (
            <section key={tag} className="docs-tag">
              <h2>{isKnownTag(tag) ? t(`apidocs.tag_${tag}`) : tag}</h2>
              {routes.map((route) => (
                <OperationView key={route.operationId} route={route} schemas={schemas} open={isOpen(route.operationId)} onToggle={(open) => toggle(route.operationId, open)} />
              ))}
            </section>
          ))}
          {groups.length === 0 && <p role="status">{t("apidocs.noMatch")}</p>}
        </>
      )}
    </div>
  );
}
