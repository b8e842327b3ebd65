// An archived conversation beside the present one: where a suggestion was seen.

import { CloseOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button } from "antd";
import { useDesk } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { conversationQuery } from "../../api/conversations";
import { messageOf } from "./live";
import { Transcript } from "./Transcript";

interface Props {
  id: string;
  /** The question that matched: the conversation opens at it. */
  question: string;
  onClose: () => void;
}

export function SourcePanel({ id, question, onClose }: Props) {
  const { t, format } = useI18n();
  const { data, error, isPending, refetch } = useQuery(conversationQuery(useDesk(), id));
  const messages = data?.messages.map((message) => messageOf(message)) ?? [];
  const asked = messages.find((message) => message.role === "customer" && (message.text.includes(question) || question.includes(message.text)));
  const facts = [data?.channel, data?.started_at ? format.date(data.started_at) : null].filter((fact) => typeof fact === "string");
  return (
    <aside className="desk-source" aria-label={t("desk.source")} data-testid="source" data-id={id}>
      <header className="desk-head">
        <div className="desk-head-name">
          <h2>{t("desk.source")}</h2>
          <p className="quiet small flush">{facts.join(" · ")}</p>
        </div>
        <Button size="small" type="text" icon={<CloseOutlined />} aria-label={t("desk.closeSource")} onClick={onClose} data-testid="close-source" />
      </header>
      {error ? <ErrorNotice error={error} onRetry={() => void refetch()} /> : <Transcript messages={messages} own="agent" loading={isPending} marked={asked?.position ?? null} label={t("desk.source")} />}
      <footer className="desk-source-foot">
        <Link to="/desk/replay/$id" params={{ id }}>
          {t("desk.replayThis")}
        </Link>
      </footer>
    </aside>
  );
}
