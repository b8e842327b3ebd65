// Where the reply is written. Knows which suggestion the words began as, and what still has to be filled in.

import { SendOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import type { TextAreaRef } from "antd/es/input/TextArea";
import type { RefObject } from "react";
import { Keys } from "../../components";
import { useI18n } from "../../i18n";
import type { Draft } from "./useDraft";

interface Props {
  draft: Draft;
  field: RefObject<TextAreaRef | null>;
  /** The customer has written since the draft was begun from a suggestion. */
  outdated: boolean;
}

export function Composer({ draft, field, outdated }: Props) {
  const { t } = useI18n();
  const { text, basis, unfilled, warned } = draft;
  return (
    <form
      className="composer"
      data-testid="composer"
      onSubmit={(event) => {
        event.preventDefault();
        draft.send();
      }}
    >
      {basis && (
        <p className={`composer-basis${outdated ? " warn" : ""}`} role="status" data-testid="basis" data-outdated={outdated}>
          {outdated ? t("desk.basisOutdated") : t(text === basis.text ? "desk.basis" : "desk.basisChanged", { n: basis.digit })}
          <Button size="small" type="link" onClick={draft.takeBack} data-testid="take-back">
            {t("desk.takeBack")} <Keys of={["Esc"]} />
          </Button>
        </p>
      )}
      {unfilled.length > 0 && (
        <p className="composer-basis warn" role={warned ? "alert" : undefined} data-testid="unfilled">
          {t(warned ? "desk.unfilledAgain" : "desk.unfilled", { names: unfilled.join(" ") })}
        </p>
      )}
      <div className="composer-row">
        <Input.TextArea
          ref={field}
          value={text}
          onChange={(event) => draft.write(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            draft.send();
          }}
          rows={2}
          placeholder={t("desk.compose")}
          aria-label={t("desk.compose")}
          data-testid="draft"
        />
        <Button type="primary" htmlType="submit" icon={<SendOutlined />} disabled={text.trim() === ""} data-testid="send">
          {t("desk.send")}
        </Button>
      </div>
      <p className="composer-keys quiet small" data-testid="keys">
        {text === "" ? (
          <>
            <Hint keys={["1–5"]} text={t("desk.keyInsert")} />
            <Hint keys={["⇧", "1–5"]} text={t("desk.keySendNow")} />
          </>
        ) : (
          <>
            <Hint keys={["Enter"]} text={t("desk.keySend")} />
            <Hint keys={["⇧", "Enter"]} text={t("desk.keyLine")} />
            <Hint keys={["Alt", "1–5"]} text={t("desk.keyInsert")} />
            {basis && <Hint keys={["Esc"]} text={t("desk.keyBack")} />}
          </>
        )}
      </p>
    </form>
  );
}

function Hint({ keys, text }: { keys: string[]; text: string }) {
  return (
    <span>
      <Keys of={keys} /> {text}
    </span>
  );
}
