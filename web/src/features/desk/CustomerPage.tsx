// The other side of a conversation, to play the customer in a window of one's own: the agent's desk gets suggestions while one types.

import { SendOutlined } from "@ant-design/icons";
import { getRouteApi } from "@tanstack/react-router";
import { Button, Input, type InputRef } from "antd";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useDesk } from "../../api";
import { ErrorNotice, NeedsDesk } from "../../components";
import { useI18n } from "../../i18n";
import { shortId } from "./ConversationList";
import "./desk.css";
import { tellTyping } from "./live";
import { Transcript } from "./Transcript";
import { useLiveTalk } from "./useLiveTalk";

const route = getRouteApi("/customer-window/desk/$id/customer");

/** Often enough for suggestions to keep up, seldom enough not to ask at every letter. */
const TELL_EVERY = 400;

export default function CustomerPage() {
  const { id } = route.useParams();
  return (
    <div className="customer" data-testid="customer">
      <NeedsDesk>
        <Customer key={id} id={id} />
      </NeedsDesk>
    </div>
  );
}

function Customer({ id }: { id: string }) {
  const { t } = useI18n();
  const desk = useDesk();
  const live = useLiveTalk(desk, id, "customer");
  const field = useRef<InputRef>(null);
  const [text, setText] = useState("");
  useTyping(desk, id, live.closed ? null : text);
  const product = t("shell.product");
  const title = t("desk.customerTitle", { id: shortId(id) });
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  useEffect(() => field.current?.focus(), []);

  const send = () => {
    const words = text.trim();
    if (words === "") return;
    live.send(words);
    setText("");
    field.current?.focus();
  };
  if (live.error) return <ErrorNotice error={live.error} onRetry={live.reload} />;
  return (
    <main className="customer-card">
      <header className="desk-head">
        <div className="desk-head-name">
          <h1>{title}</h1>
          <p className="quiet small flush">{t("desk.customerLead")}</p>
        </div>
      </header>
      <Transcript
        messages={live.talk.messages}
        outgoing={live.talk.outgoing}
        own="customer"
        loading={live.loading}
        empty={<p className="quiet transcript-empty">{t("desk.customerEmpty")}</p>}
        onResend={live.resend}
        label={t("desk.transcript")}
      />
      {live.closed ? (
        <p className="desk-closed" data-testid="closed">
          {t("desk.customerClosed")}
        </p>
      ) : (
        <form
          className="composer composer-row"
          onSubmit={(event) => {
            event.preventDefault();
            send();
          }}
        >
          <Input ref={field} value={text} onChange={(event) => setText(event.target.value)} placeholder={t("desk.customerCompose")} aria-label={t("desk.customerCompose")} data-testid="customer-draft" />
          <Button type="primary" htmlType="submit" icon={<SendOutlined />} disabled={text.trim() === ""} data-testid="customer-send">
            {t("desk.send")}
          </Button>
        </form>
      )}
    </main>
  );
}

/** Tells the service what is being typed, at most every so often, and that the field is empty again. */
function useTyping(desk: string, id: string, text: string | null) {
  const told = useRef("");
  const tell = useEffectEvent(() => {
    if (text === null || text === told.current) return;
    told.current = text;
    // The next letter tells it again: a lost draft is no loss.
    tellTyping(desk, id, text).catch(() => undefined);
  });
  useEffect(() => {
    const timer = setInterval(() => tell(), TELL_EVERY);
    return () => clearInterval(timer);
  }, []);
}
