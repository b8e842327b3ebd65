// The suggestions for the customer's latest turn, or why there are none. A set that no longer fits dims, says why, and goes.

import { Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import type { StreamState } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import type { RejectReason } from "./feedback";
import { SuggestionCard, type CardActions } from "./SuggestionCard";
import { openTurn, type Talk } from "./talk";

interface Props {
  talk: Talk;
  stream: StreamState | null;
  closed: boolean;
  rejected: ReadonlyMap<string, RejectReason>;
  actions: CardActions;
  failed?: { error: Error; again: () => void } | null;
  note?: ReactNode;
}

/** Suggestions beyond the keys' reach are still shown. */
const KEYS = 5;

export function SuggestionPanel({ talk, stream, closed, rejected, actions, failed, note }: Props) {
  const { t } = useI18n();
  const { set, withdrawn } = talk;
  const open = openTurn(talk.messages);
  const standing = set ?? withdrawn?.set ?? null;
  const state = set ? "current" : withdrawn ? "withdrawn" : "none";
  return (
    <section className="suggestions" aria-label={t("desk.suggestions")} data-testid="suggestions" data-state={state} data-turn={standing?.turn ?? ""} data-provisional={standing?.provisional ?? false}>
      <header className="suggestions-head">
        <h2>{t("desk.suggestions")}</h2>
        {set?.provisional && <span className="badge badge-info">{t("desk.provisional")}</span>}
      </header>
      {note}
      {stream === "broken" && (
        <p className="suggestions-line warn" role="status" data-testid="stream-broken">
          {t("desk.broken")}
        </p>
      )}
      {withdrawn && !(set && withdrawn.because === "draft_dropped") && (
        <p className="suggestions-line warn" role="status" data-testid="withdrawn">
          {t(set ? "desk.renewed" : `desk.withdrawn_${withdrawn.because}`)}
        </p>
      )}
      {set && set.query !== "" && (
        <p className="suggestions-line quiet small" title={set.query}>
          {t("desk.understood", { query: set.query })}
        </p>
      )}
      {failed ? (
        <ErrorNotice error={failed.error} onRetry={failed.again} />
      ) : standing && standing.suggestions.length > 0 ? (
        <ol className="suggestion-list" data-withdrawn={state === "withdrawn"}>
          {standing.suggestions.map((suggestion, place) => (
            <SuggestionCard key={suggestion.id} suggestion={suggestion} digit={place + 1} inert={state !== "current" || closed} rejected={rejected.get(suggestion.id)} actions={actions} />
          ))}
        </ol>
      ) : (
        <Silence talk={talk} open={open} closed={closed} />
      )}
      {set && set.suggestions.length > KEYS && <p className="quiet small">{t("desk.keysReach", { n: KEYS })}</p>}
    </section>
  );
}

function Silence({ talk, open, closed }: { talk: Talk; open: number | null; closed: boolean }) {
  const { t } = useI18n();
  const { set } = talk;
  if (set?.abstained) {
    return (
      <div className="silence" data-testid="silent" data-reason={set.abstained}>
        <h3>{t(`desk.silent_${set.abstained}`)}</h3>
        <p className="quiet flush">{t(`desk.silent_${set.abstained}_way`)}</p>
      </div>
    );
  }
  if (talk.failed !== null && talk.failed === open) {
    return (
      <p className="silence warn flush" role="status" data-testid="failed">
        {t("desk.failed")}
      </p>
    );
  }
  if (closed) return <p className="silence quiet flush">{t("desk.closedNoSuggestions")}</p>;
  if (open !== null) {
    return (
      <div className="suggestion-wait" role="status" aria-label={t("desk.looking")} data-testid="looking">
        {[0, 1, 2].map((line) => (
          <div key={line} className="suggestion">
            <Skeleton active title={false} paragraph={{ rows: 3, width: ["40%", "95%", "60%"] }} />
          </div>
        ))}
      </div>
    );
  }
  const answered = talk.messages.some((message) => message.role === "agent");
  return <p className="silence quiet flush">{t(answered ? "desk.answered" : "desk.waitingForCustomer")}</p>;
}

export function RetryLine({ text, again }: { text: string; again: () => void }) {
  const { t } = useI18n();
  return (
    <span className="row">
      {text}
      <Button size="small" type="link" onClick={again}>
        {t("common.retry")}
      </Button>
    </span>
  );
}
