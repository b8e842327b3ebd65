// Many entries published or retired at once: each for itself and to the version that was seen, so that one that somebody else has changed
// meanwhile stays as they left it, and the others go through.

import { CheckOutlined, StopOutlined } from "@ant-design/icons";
import { App, Button, Popconfirm } from "antd";
import { useState } from "react";
import { asApiError } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { patchEntry, useRefresh, type Entry } from "./api";

interface Props {
  desk: string;
  chosen: Entry[];
  /** The entries that could not be changed; they stay chosen. */
  onDone: (left: Entry[]) => void;
}

export function BulkBar({ desk, chosen, onDone }: Props) {
  const { t } = useI18n();
  const { message } = App.useApp();
  const refresh = useRefresh(desk);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const publishable = chosen.filter(({ status, answer }) => status !== "published" && answer !== "");
  const retirable = chosen.filter(({ status }) => status === "published");

  const turn = async (entries: Entry[], status: "published" | "retired") => {
    setBusy(true);
    setProblem(null);
    const left: Entry[] = [];
    let overtaken = 0;
    for (const entry of entries) {
      try {
        await patchEntry(entry, entry.version, { status });
      } catch (error) {
        left.push(entry);
        if (asApiError(error).code === "version_mismatch") overtaken += 1;
        else setProblem(error);
      }
    }
    await refresh();
    setBusy(false);
    const done = t(`knowledge.bulk_${status}`, { n: entries.length - left.length });
    if (overtaken > 0) void message.warning({ content: `${done} ${t("knowledge.bulkOvertaken", { n: overtaken })}`, duration: 8 });
    else if (left.length < entries.length) void message.success(done);
    onDone(left);
  };

  return (
    <>
      <div className="bulk-bar" role="toolbar" aria-label={t("common.actions")} data-testid="entry-bulk">
        <strong>{t("knowledge.chosen", { n: chosen.length })}</strong>
        <Button size="small" icon={<CheckOutlined />} loading={busy} disabled={publishable.length === 0} onClick={() => void turn(publishable, "published")} data-testid="bulk-publish">
          {t("knowledge.publishMany", { n: publishable.length })}
        </Button>
        <Popconfirm title={t("knowledge.retireManySure", { n: retirable.length })} okText={t("knowledge.retire")} cancelText={t("common.cancel")} onConfirm={() => void turn(retirable, "retired")} okButtonProps={{ id: "bulk-retire-sure" }}>
          <Button size="small" icon={<StopOutlined />} disabled={busy || retirable.length === 0} data-testid="bulk-retire">
            {t("knowledge.retireMany", { n: retirable.length })}
          </Button>
        </Popconfirm>
        <Button size="small" type="link" onClick={() => onDone([])}>
          {t("knowledge.chooseNone")}
        </Button>
      </div>
      {problem !== null && <ErrorNotice error={problem} />}
    </>
  );
}
