// Conversation, composer and suggestions side by side, with the keys that join them. Serves live conversations and replays alike.

import type { TextAreaRef } from "antd/es/input/TextArea";
import { App } from "antd";
import { useEffect, useEffectEvent, useRef, useState, type ReactNode } from "react";
import { asApiError, type StreamState } from "../../api";
import { isTyping, openPlaceholders } from "../../components";
import { useI18n } from "../../i18n";
import { Composer } from "./Composer";
import { feedbackOf, type RejectReason } from "./feedback";
import type { CardActions } from "./SuggestionCard";
import { SuggestionPanel } from "./SuggestionPanel";
import { openTurn, type Suggestion, type Talk } from "./talk";
import { Transcript } from "./Transcript";
import { useDraft } from "./useDraft";

interface Props {
  talk: Talk;
  /** `null` where there is none: replays. */
  stream: StreamState | null;
  replay?: boolean;
  closed?: boolean;
  loading: boolean;
  header: ReactNode;
  /** Between the conversation and the composer, or instead of the latter. */
  foot?: ReactNode;
  empty?: ReactNode;
  note?: ReactNode;
  failed?: { error: Error; again: () => void } | null;
  onSend: (text: string, delivered: () => void) => void;
  onResend?: (clientId: string) => void;
  onOpenSource: (conversation: string, question: string) => void;
  /** Returns whether there was something to close. */
  onEscape: () => boolean;
}

const DIGIT = /^(?:Digit|Numpad)([1-5])$/;

export function Workplace(props: Props) {
  const { talk, stream, replay = false, closed = false, onSend } = props;
  const { t } = useI18n();
  const { message } = App.useApp();
  const field = useRef<TextAreaRef>(null);
  const [rejected, setRejected] = useState<ReadonlyMap<string, RejectReason>>(new Map());
  const current = closed ? null : talk.set;
  const feedback = feedbackOf(!replay && current?.provisional !== true);
  const offered = current?.suggestions ?? [];

  const draft = useDraft((text, basis) => {
    if (basis) {
      // What was taken while the customer was still typing is told of the same reply in the set that followed.
      const same = basis.kept ? basis.suggestion : offered.find((one) => one.text === basis.text);
      onSend(text, () => {
        if (same) (basis.kept ? feedbackOf(true) : feedback).used(same.id, basis.text, text);
      });
    } else onSend(text, () => undefined);
    field.current?.focus();
  });
  const insert = (suggestion: Suggestion) => {
    draft.insert(suggestion, offered.indexOf(suggestion) + 1, !replay && current?.provisional !== true);
    point(field, openPlaceholders(suggestion.text, suggestion.slots)[0]);
  };
  const sendNow = (suggestion: Suggestion) => {
    if (openPlaceholders(suggestion.text, suggestion.slots).length > 0) {
      insert(suggestion);
      void message.info(t("desk.fillFirst"));
      return;
    }
    onSend(suggestion.text, () => feedback.used(suggestion.id, suggestion.text, suggestion.text));
  };
  const reject = (suggestion: Suggestion, reason: RejectReason) => {
    const mark = (as: RejectReason | null) =>
      setRejected((known) => {
        const next = new Map(known);
        if (as === null) next.delete(suggestion.id);
        else next.set(suggestion.id, as);
        return next;
      });
    mark(reason);
    feedback.rejected(suggestion.id, reason).catch((error: unknown) => {
      mark(null);
      void message.error(`${t("desk.notRejected")} ${t(`problem.${asApiError(error).code}_way`)}`);
    });
  };
  const actions: CardActions = { insert, sendNow, reject, shown: feedback.shown, openSource: props.onOpenSource };

  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || document.querySelector(".ant-modal-wrap, .ant-dropdown:not(.ant-dropdown-hidden)")) return;
    const writing = event.target === field.current?.resizableTextArea?.textArea;
    if (event.key === "Escape") {
      if (draft.basis) {
        event.preventDefault();
        draft.takeBack();
      } else if (props.onEscape()) event.preventDefault();
      else if (writing) field.current?.blur();
      return;
    }
    const digit = DIGIT.exec(event.code)?.[1];
    if (digit === undefined || (isTyping(event.target) && !writing)) return;
    // In a text that is being written a digit is a digit.
    if (writing && draft.text !== "" && !event.altKey) return;
    const suggestion = offered[Number(digit) - 1];
    if (!suggestion || rejected.has(suggestion.id)) return;
    event.preventDefault();
    if (event.shiftKey) sendNow(suggestion);
    else insert(suggestion);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, []);

  const outdated = draft.basis !== null && !offered.includes(draft.basis.suggestion) && openTurn(talk.messages) !== null;
  return (
    <>
      <section className="desk-talk" data-testid="talk">
        {props.header}
        <Transcript messages={talk.messages} outgoing={talk.outgoing} typing={talk.customerTypes} own="agent" loading={props.loading} empty={props.empty} onResend={props.onResend} label={t("desk.transcript")} />
        {props.foot}
        {!closed && <Composer draft={draft} field={field} outdated={outdated} />}
      </section>
      <SuggestionPanel talk={talk} stream={stream} closed={closed} rejected={rejected} actions={actions} failed={props.failed ?? null} note={props.note} />
    </>
  );
}

/** Puts the cursor into the field, on what is to be filled in first. */
function point(field: React.RefObject<TextAreaRef | null>, placeholder: string | undefined) {
  // After React has written the text into the field.
  requestAnimationFrame(() => {
    field.current?.focus({ cursor: "end" });
    const area = field.current?.resizableTextArea?.textArea;
    if (!area || placeholder === undefined) return;
    const start = area.value.indexOf(placeholder);
    if (start >= 0) area.setSelectionRange(start, start + placeholder.length);
  });
}
