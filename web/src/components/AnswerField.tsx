// An answer being written, with the look it will have beside it. Imported by its own path: it brings the Markdown parser along.

import { Input } from "antd";
import { useI18n } from "../i18n";
import { Markdown } from "./Markdown";

interface Props {
  value?: string;
  onChange?: (answer: string) => void;
  disabled?: boolean;
  id?: string;
}

const MOST_CHARACTERS = 20_000;

export function AnswerField({ value = "", onChange, disabled = false, id }: Props) {
  const { t } = useI18n();
  return (
    <div className="answer-field">
      <Input.TextArea
        {...(id === undefined ? {} : { id })}
        value={value}
        rows={10}
        className="answer-text"
        maxLength={MOST_CHARACTERS}
        disabled={disabled}
        onChange={(event) => onChange?.(event.target.value)}
        data-testid="answer-input"
      />
      <section className="answer-preview" aria-label={t("editing.preview")} data-testid="answer-preview">
        <p className="quiet small flush">{t("editing.preview")}</p>
        {value.trim() === "" ? <p className="quiet flush">{t("editing.previewEmpty")}</p> : <Markdown text={value} />}
      </section>
    </div>
  );
}
