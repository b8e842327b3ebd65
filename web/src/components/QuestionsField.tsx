// Ways customers ask, one a line of its own. Enter goes on to the next, pasted lines become questions. For antd's Form: `value`, `onChange`.

import { CloseOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, type InputRef } from "antd";
import { useEffect, useRef, useState, type ClipboardEvent } from "react";
import { useI18n } from "../i18n";

interface Props {
  value?: string[];
  onChange?: (questions: string[]) => void;
  disabled?: boolean;
}

const MOST_CHARACTERS = 2000;

/** Without the blank ones. */
export const askedIn = (questions: string[] | undefined): string[] => (questions ?? []).map((question) => question.trim()).filter((question) => question !== "");

export function QuestionsField({ value = [""], onChange, disabled = false }: Props) {
  const { t } = useI18n();
  const lines = value.length === 0 ? [""] : value;
  const fields = useRef<(InputRef | null)[]>([]);
  const [goTo, setGoTo] = useState<number | null>(null);
  useEffect(() => {
    if (goTo !== null) fields.current[goTo]?.focus();
  }, [goTo, lines.length]);

  const put = (place: number, removed: number, ...added: string[]) => onChange?.([...lines.slice(0, place), ...added, ...lines.slice(place + removed)]);
  const addBehind = (place: number) => {
    put(place + 1, 0, "");
    setGoTo(place + 1);
  };
  const paste = (event: ClipboardEvent, place: number) => {
    const pasted = askedIn(event.clipboardData.getData("text").split(/\r?\n/));
    if (pasted.length < 2) return;
    event.preventDefault();
    put(place, lines[place] === "" ? 1 : 0, ...pasted);
  };
  return (
    <div className="questions-field" role="group" aria-label={t("editing.questions")} data-testid="questions-field">
      {lines.map((line, place) => (
        <div key={place} className="questions-line">
          <Input
            ref={(field) => {
              fields.current[place] = field;
            }}
            aria-label={t("editing.questionNumber", { n: place + 1 })}
            value={line}
            maxLength={MOST_CHARACTERS}
            disabled={disabled}
            placeholder={place === 0 ? t("editing.questionExample") : ""}
            onChange={(event) => put(place, 1, event.target.value)}
            onPaste={(event) => paste(event, place)}
            onPressEnter={(event) => {
              if (event.nativeEvent.isComposing) return;
              event.preventDefault();
              addBehind(place);
            }}
            data-testid="question-input"
          />
          <Button
            type="text"
            icon={<CloseOutlined />}
            disabled={disabled || lines.length === 1}
            aria-label={t("editing.questionRemove", { n: place + 1 })}
            onClick={() => put(place, 1)}
          />
        </div>
      ))}
      <Button size="small" type="dashed" icon={<PlusOutlined />} disabled={disabled} onClick={() => addBehind(lines.length - 1)} data-testid="question-add">
        {t("editing.questionAdd")}
      </Button>
    </div>
  );
}
