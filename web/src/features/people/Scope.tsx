import { Tag } from "antd";
import type { Schemas } from "../../api";
import { useI18n } from "../../i18n";

/** The desks somebody may touch. */
export function Scope({ desks }: { desks: Schemas["Desks"] }) {
  const { t } = useI18n();
  if (desks === "all") return <>{t("common.allDesks")}</>;
  return (
    <span className="row">
      {desks.map((desk) => (
        <Tag key={desk}>{desk}</Tag>
      ))}
    </span>
  );
}
