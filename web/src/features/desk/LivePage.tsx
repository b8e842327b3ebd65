// One conversation at the desk: live, or closed and to be read.

import { ArrowLeftOutlined, ExportOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { App, Button, Popconfirm } from "antd";
import { useDesk } from "../../api";
import { ErrorNotice, NeedsDesk } from "../../components";
import { useI18n } from "../../i18n";
import { shortId } from "./ConversationList";
import { DeskFrame } from "./DeskFrame";
import { closeConversation } from "./live";
import { useLiveTalk } from "./useLiveTalk";
import { Workplace } from "./Workplace";

const route = getRouteApi("/console/desk/$id");

export default function LivePage() {
  const { t } = useI18n();
  const { id } = route.useParams();
  return (
    <NeedsDesk>
      <DeskFrame title={t("desk.conversationNo", { id: shortId(id) })} open>
        {(source) => <Live key={id} id={id} source={source} />}
      </DeskFrame>
    </NeedsDesk>
  );
}

function Live({ id, source }: { id: string; source: { open: (id: string, question: string) => void; close: () => boolean } }) {
  const { t, format } = useI18n();
  const desk = useDesk();
  const live = useLiveTalk(desk, id, "agent");
  if (live.error) {
    return (
      <section className="desk-welcome">
        <div>
          <ErrorNotice error={live.error} onRetry={live.reload} />
          <p className="above">
            <Link to="/desk">{t("desk.allConversations")}</Link>
          </p>
        </div>
      </section>
    );
  }
  const facts = [live.channel, live.startedAt ? format.dateTime(live.startedAt) : null, live.closed ? t("desk.isClosed") : null].filter((fact) => fact !== null);
  return (
    <Workplace
      talk={live.talk}
      stream={live.stream}
      closed={live.closed}
      loading={live.loading}
      onSend={live.send}
      onResend={live.resend}
      onOpenSource={source.open}
      onEscape={source.close}
      empty={<NoMessages id={id} />}
      header={
        <header className="desk-head">
          <Link to="/desk" className="desk-back" aria-label={t("desk.allConversations")}>
            <ArrowLeftOutlined />
          </Link>
          <div className="desk-head-name">
            <h2>{t("desk.visitor", { id: shortId(id) })}</h2>
            <p className="quiet small flush">{facts.join(" · ")}</p>
          </div>
          {!live.closed && !live.loading && (
            <>
              <PlayCustomer id={id} />
              <CloseButton desk={desk} id={id} onClosed={live.reload} />
            </>
          )}
        </header>
      }
      foot={
        live.closed ? (
          <p className="desk-closed" data-testid="closed">
            <span>{t("desk.closedText")}</span>
            <Link to="/desk/replay/$id" params={{ id }} data-testid="replay-this">
              {t("desk.replayThis")}
            </Link>
          </p>
        ) : undefined
      }
    />
  );
}

function PlayCustomer({ id, primary = false }: { id: string; primary?: boolean }) {
  const { t } = useI18n();
  return (
    <Link to="/desk/$id/customer" params={{ id }} target="_blank" className={primary ? "way-primary" : "way"} data-testid="play-customer">
      <ExportOutlined aria-hidden="true" /> {t("desk.playCustomer")}
    </Link>
  );
}

function NoMessages({ id }: { id: string }) {
  const { t } = useI18n();
  return (
    <div className="transcript-empty" data-testid="no-messages">
      <h3>{t("desk.nobodyYet")}</h3>
      <p className="quiet">{t("desk.nobodyYetText")}</p>
      <PlayCustomer id={id} primary />
    </div>
  );
}

function CloseButton({ desk, id, onClosed }: { desk: string; id: string; onClosed: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const { message } = App.useApp();
  const close = useMutation({
    mutationFn: () => closeConversation(desk, id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["conversations", desk] });
      onClosed();
    },
    onError: () => void message.error(t("desk.notClosed")),
  });
  return (
    <Popconfirm title={t("desk.closeAsk")} description={t("desk.closeText")} okText={t("desk.close")} cancelText={t("common.cancel")} onConfirm={() => close.mutate()} okButtonProps={{ id: "close-conversation" }}>
      <Button size="small" loading={close.isPending} data-testid="close">
        {t("desk.close")}
      </Button>
    </Popconfirm>
  );
}
