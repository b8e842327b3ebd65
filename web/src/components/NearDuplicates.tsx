// Entries that ask the same as what is being written, looked for while it is written.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Spin, Tag } from "antd";
import { useEffect, useState } from "react";
import { api, need, type Schemas } from "../api/client";
import { useI18n } from "../i18n";
import { ErrorNotice } from "./ErrorNotice";

export type NearDuplicate = Schemas["NearDuplicate"];

const PAUSE_IN_TYPING_MS = 500;
/** What the service compares at once. */
const MOST_QUESTIONS = 50;

/** A value once it has stayed the same for a moment. */
export function useSettled<T>(value: T, after = PAUSE_IN_TYPING_MS): T {
  const [settled, setSettled] = useState(value);
  const identity = JSON.stringify(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(identity) as T), after);
    return () => clearTimeout(timer);
  }, [identity, after]);
  return settled;
}

interface Asked {
  desk: string;
  questions: string[];
  answer: string;
  /** The entry being edited. */
  except?: string;
}

/** Looks again whenever the questions have settled. */
export function useNearDuplicates(asked: Asked) {
  const { desk, questions, answer, except } = useSettled(asked);
  const query = useQuery({
    queryKey: ["entries", desk, "duplicates", questions, answer, except],
    queryFn: ({ signal }) =>
      need(api.POST("/v1/entries/duplicates", { body: { desk, questions: questions.slice(0, MOST_QUESTIONS), answer, ...(except === undefined ? {} : { except }) }, signal })),
    enabled: questions.length > 0,
    placeholderData: keepPreviousData,
  });
  return { ...query, found: questions.length > 0 ? (query.data?.items ?? []) : [] };
}

export function NearDuplicates({ onMerge, merging, ...asked }: Asked & Pick<NearListProps, "onMerge" | "merging">) {
  const { t } = useI18n();
  const { found, error, isFetching, refetch } = useNearDuplicates(asked);
  return (
    <section className="near-duplicates" aria-live="polite" aria-busy={isFetching} data-testid="near-duplicates">
      <h3>
        {t("editing.near")} {isFetching && <Spin size="small" />}
      </h3>
      {error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : found.length === 0 ? (
        <p className="quiet flush">{t("editing.nearNone")}</p>
      ) : (
        <NearList items={found} onMerge={onMerge} merging={merging} />
      )}
    </section>
  );
}

interface NearListProps {
  items: NearDuplicate[];
  /** Adds what is being written to the entry. */
  onMerge?: ((near: NearDuplicate) => void) | undefined;
  merging?: boolean | undefined;
}

export function NearList({ items, onMerge, merging = false }: NearListProps) {
  const { t, format } = useI18n();
  return (
    <ul className="near-list">
      {items.map((near) => (
        <li key={near.entry + near.question} data-testid="near-duplicate">
          <Link to="/knowledge/$id" params={{ id: near.entry }} target="_blank">
            {near.title}
          </Link>
          {near.question !== near.title && <span className="small">{t("editing.nearAs", { question: near.question })}</span>}
          <span className="small near-answer">{near.answer}</span>
          <span className="row small quiet">
            <Tag>{t(`editing.status_${near.status}`)}</Tag>
            {t("editing.alike", { share: format.percent(near.similarity) })}
            {near.same_answer && <span>{t("editing.sameAnswer")}</span>}
            {near.contradicts && <Tag color="error">{t("editing.contradicts")}</Tag>}
          </span>
          {onMerge && (
            <Button size="small" loading={merging} onClick={() => onMerge(near)} data-testid="merge-into">
              {t("editing.mergeInto")}
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}
