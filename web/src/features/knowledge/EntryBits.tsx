// Small pieces that say the same on every page of this part.

import { Tag } from "antd";
import type { Schemas } from "../../api";
import { useI18n } from "../../i18n";

const COLOURS = { draft: "warning", published: "success", retired: "default" } as const;

export function StatusTag({ status }: { status: Schemas["EntryStatus"] }) {
  const { t } = useI18n();
  return (
    <Tag color={COLOURS[status]} data-testid="entry-status" data-status={status}>
      {t(`editing.status_${status}`)}
    </Tag>
  );
}

/** From when to when, as far as there are limits. */
export function useValidity() {
  const { t, format } = useI18n();
  return ({ valid_from: from, valid_to: to }: Pick<Schemas["EntryContent"], "valid_from" | "valid_to">): string => {
    if (from && to) return t("knowledge.fromTo", { from: format.date(from), to: format.date(to) });
    if (from) return t("knowledge.fromOn", { from: format.date(from) });
    if (to) return t("knowledge.until", { to: format.date(to) });
    return t("knowledge.always");
  };
}
