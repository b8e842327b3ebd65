// What changed between two versions, field by field.

import { useQuery } from "@tanstack/react-query";
import { Skeleton } from "antd";
import { Diff, ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { entryKey, loadDiff } from "./api";

const NAMED = ["questions", "answer", "language", "status", "tags", "valid_from", "valid_to", "owner", "provenance"] as const;
const LISTS = ["questions", "tags", "provenance"];

interface Props {
  desk: string;
  id: string;
  from: number;
  to: number;
}

export function VersionDiff({ desk, id, from, to }: Props) {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({
    queryKey: [...entryKey(desk, id), "diff", from, to],
    queryFn: ({ signal }) => loadDiff(desk, id, from, to, signal),
    staleTime: Infinity,
  });
  const value = useValue();
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton active paragraph={{ rows: 3 }} title={false} />;
  if (data.fields.length === 0) return <p className="quiet flush">{t("knowledge.sameContent")}</p>;
  return (
    <dl className="version-diff" data-testid="version-diff">
      {data.fields.map((one) => {
        const name = NAMED.find((known) => known === one.field);
        return (
          <div key={one.field}>
            <dt>{name ? t(`knowledge.field_${name}`) : one.field}</dt>
            <dd>
              {one.pieces && one.pieces.length > 0 ? (
                <Diff pieces={one.pieces} asList={LISTS.includes(one.field)} />
              ) : (
                <span className="diff">
                  <del>{value(one.field, one.old)}</del> → <ins>{value(one.field, one.new)}</ins>
                </span>
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** A single value in words; its shape depends on the field. */
function useValue() {
  const { t, format } = useI18n();
  return (field: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") return t("common.none");
    if (typeof value !== "string") return JSON.stringify(value);
    if (field === "valid_from" || field === "valid_to") return format.dateTime(value);
    if (field === "status" && (value === "draft" || value === "published" || value === "retired")) return t(`editing.status_${value}`);
    if (field === "language" && (value === "zh" || value === "en")) return t(`common.${value}`);
    return value;
  };
}
