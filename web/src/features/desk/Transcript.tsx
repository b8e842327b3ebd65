// The messages of one conversation. Stays at the latest one, unless somebody has scrolled up to read.

import { Skeleton } from "antd";
import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useI18n } from "../../i18n";
import { RetryLine } from "./SuggestionPanel";
import type { Message, Outgoing } from "./talk";

interface Props {
  messages: Message[];
  outgoing?: Outgoing[];
  typing?: boolean;
  /** Whose words stand at the right. */
  own: "agent" | "customer";
  loading?: boolean;
  /** Shown instead of messages while there are none. */
  empty?: ReactNode;
  /** The message to point at, and to begin at. */
  marked?: number | null;
  onResend?: (clientId: string) => void;
  label: string;
}

const NEAR_END = 120;

export function Transcript({ messages, outgoing = [], typing = false, own, loading = false, empty, marked = null, onResend, label }: Props) {
  const { t } = useI18n();
  const place = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const box = place.current;
    if (box && atEnd.current && marked === null) box.scrollTop = box.scrollHeight;
  }, [messages, outgoing.length, typing, marked]);
  useLayoutEffect(() => {
    if (marked !== null) place.current?.querySelector(`[data-position="${marked}"]`)?.scrollIntoView({ block: "center" });
  }, [marked, loading]);
  const follow = () => {
    const box = place.current;
    if (box) atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
  };
  const nothing = messages.length === 0 && outgoing.length === 0;
  return (
    <div ref={place} className="transcript" onScroll={follow} role="log" aria-label={label} tabIndex={0} data-testid="transcript">
      {loading && nothing ? <Skeleton active title={false} paragraph={{ rows: 6 }} /> : nothing && !typing ? empty : null}
      {messages.map((message, place_) => (
        <Line key={message.position} message={message} own={own} marked={message.position === marked} follows={messages[place_ - 1]?.role === message.role} />
      ))}
      {outgoing.map((one) => (
        <div key={one.clientId} className="line line-own line-follows" data-role={own} data-pending="true">
          <p className="bubble">{one.text}</p>
          <span className="line-foot" role="status">
            {one.error === null ? t("desk.sending") : <RetryLine text={t("desk.notSent")} again={() => onResend?.(one.clientId)} />}
          </span>
        </div>
      ))}
      {typing && (
        <p className="typing" role="status" data-testid="typing">
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {t(own === "agent" ? "desk.customerTypes" : "desk.agentTypes")}
        </p>
      )}
    </div>
  );
}

function Line({ message, own, marked, follows }: { message: Message; own: "agent" | "customer"; marked: boolean; follows: boolean }) {
  const { t, format } = useI18n();
  const side = message.role === own ? "own" : message.role === "bot" || message.role === "system" ? "other" : "facing";
  return (
    <div className={`line line-${side}${follows ? " line-follows" : ""}${marked ? " line-marked" : ""}`} data-role={message.role} data-position={message.position} data-testid="message">
      {!follows && (
        <span className="line-head">
          {t(`desk.role_${message.role}`)}
          {message.at && <time dateTime={message.at} title={format.exact(message.at)}>{format.time(message.at)}</time>}
        </span>
      )}
      <p className="bubble">{message.text}</p>
    </div>
  );
}
