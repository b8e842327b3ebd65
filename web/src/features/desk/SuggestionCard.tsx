// One suggestion: its words, how sure the service is and why, and what can be done with it.

import { CloseOutlined, EditOutlined, FileSearchOutlined, SendOutlined } from "@ant-design/icons";
import { Button, Dropdown, Popover, Tooltip } from "antd";
import type { Schemas } from "../../api";
import { SlotText } from "../../components";
import { useI18n } from "../../i18n";
import { useShown, type RejectReason } from "./feedback";
import type { Suggestion } from "./talk";

/** A sure score, in words; what is below the last step is weak. */
const STEPS = [
  [0.75, "sure"],
  [0.5, "likely"],
  [0.3, "possible"],
] as const;

export const sureness = (score: number) => STEPS.find(([from]) => score >= from)?.[1] ?? "weak";

const REASONS: RejectReason[] = ["wrong", "incomplete", "outdated", "tone", "other"];

export interface CardActions {
  insert: (suggestion: Suggestion) => void;
  sendNow: (suggestion: Suggestion) => void;
  reject: (suggestion: Suggestion, reason: RejectReason) => void;
  shown: (id: string) => void;
  openSource: (conversation: string, question: string) => void;
}

interface Props {
  suggestion: Suggestion;
  /** The key that inserts it. */
  digit: number;
  /** Withdrawn, or nobody may write: to be read only. */
  inert: boolean;
  rejected: RejectReason | undefined;
  actions: CardActions;
}

export function SuggestionCard({ suggestion, digit, inert, rejected, actions }: Props) {
  const { t, format } = useI18n();
  const place = useShown(suggestion.id, actions.shown);
  const word = sureness(suggestion.score);
  if (rejected !== undefined) {
    return (
      <li className="suggestion suggestion-rejected" data-testid="suggestion" data-rejected={rejected}>
        <CloseOutlined aria-hidden="true" /> {t("desk.rejectedAs", { reason: t(`desk.reason_${rejected}`) })}
      </li>
    );
  }
  return (
    <li ref={place} className="suggestion" data-testid="suggestion" data-id={suggestion.id} data-digit={digit}>
      <div className="suggestion-head">
        <kbd aria-hidden="true">{digit}</kbd>
        <span className={`sureness sureness-${word}`}>
          <Meter share={suggestion.score} />
          {t(`desk.score_${word}`)} <span className="suggestion-figure">{format.percent(suggestion.score)}</span>
        </span>
        <span className={`pool pool-${suggestion.pool}`} data-testid="pool">
          {t(`desk.pool_${suggestion.pool}`)}
        </span>
      </div>
      <p className="suggestion-text" lang={suggestion.language} data-testid="suggestion-text">
        <SlotText text={suggestion.text} slots={suggestion.slots} />
      </p>
      {suggestion.flags.length > 0 && (
        <ul className="suggestion-flags">
          {suggestion.flags.map((flag) => (
            <li key={flag} data-flag={flag}>
              {t(`desk.flag_${flag}`)}
            </li>
          ))}
        </ul>
      )}
      <div className="suggestion-actions">
        <Button size="small" type="primary" icon={<EditOutlined />} disabled={inert} onClick={() => actions.insert(suggestion)} aria-label={t("desk.insertNo", { n: digit })} data-testid="insert">
          {t("desk.insert")}
        </Button>
        <Tooltip title={t("desk.sendNowHint", { n: digit })}>
          <Button size="small" icon={<SendOutlined />} disabled={inert} onClick={() => actions.sendNow(suggestion)} aria-label={t("desk.sendNowNo", { n: digit })} data-testid="send-now">
            {t("desk.send")}
          </Button>
        </Tooltip>
        <span className="suggestion-space" />
        <Evidence suggestion={suggestion} onOpen={actions.openSource} />
        <Dropdown
          trigger={["click"]}
          disabled={inert}
          menu={{
            items: REASONS.map((reason) => ({ key: reason, label: <span data-testid={`reject-${reason}`}>{t(`desk.reason_${reason}`)}</span> })),
            onClick: ({ key }) => {
              const reason = REASONS.find((one) => one === key);
              if (reason) actions.reject(suggestion, reason);
            },
          }}
        >
          <Button size="small" type="text" icon={<CloseOutlined />} disabled={inert} aria-haspopup="menu" aria-label={t("desk.rejectNo", { n: digit })} title={t("desk.reject")} data-testid="reject" />
        </Dropdown>
      </div>
    </li>
  );
}

/** The score as a bar; the word and the figure beside it say the same. */
function Meter({ share }: { share: number }) {
  return (
    <span className="meter" aria-hidden="true">
      <span style={{ width: `${Math.round(share * 100)}%` }} />
    </span>
  );
}

function Evidence({ suggestion, onOpen }: { suggestion: Suggestion; onOpen: CardActions["openSource"] }) {
  const { t } = useI18n();
  if (suggestion.evidence.length === 0) return null;
  return (
    <Popover
      trigger={["hover", "focus", "click"]}
      placement="leftTop"
      mouseLeaveDelay={0.25}
      content={
        <div className="evidence" role="group" aria-label={t("desk.evidence")} data-testid="evidence">
          <p className="quiet small flush">{t("desk.support", { n: suggestion.support })}</p>
          <ul>
            {suggestion.evidence.map((row) => (
              <EvidenceRow key={`${row.id}-${row.pair_id ?? ""}`} row={row} onOpen={onOpen} />
            ))}
          </ul>
        </div>
      }
    >
      <Button size="small" type="text" icon={<FileSearchOutlined />} aria-haspopup="true" data-testid="evidence-button">
        {t("desk.evidenceCount", { n: suggestion.evidence.length })}
      </Button>
    </Popover>
  );
}

function EvidenceRow({ row, onOpen }: { row: Schemas["Evidence"]; onOpen: CardActions["openSource"] }) {
  const { t, format } = useI18n();
  const facts = [row.answered_at ? format.date(row.answered_at) : null, row.answered_by ?? null].filter((fact) => fact !== null);
  return (
    <li>
      <span className="evidence-question">{row.question}</span>
      <span className="evidence-foot">
        <span className="quiet small">{facts.join(" · ")}</span>
        {row.kind === "conversation" ? (
          <Button size="small" type="link" onClick={() => onOpen(row.id, row.question)} data-testid="open-source">
            {t("desk.openSource")}
          </Button>
        ) : (
          <span className="small quiet">{t("desk.fromEntry")}</span>
        )}
      </span>
    </li>
  );
}
