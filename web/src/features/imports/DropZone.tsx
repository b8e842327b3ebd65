// Where a file is dropped or chosen. The field itself stays reachable by keyboard under its label.

import { InboxOutlined } from "@ant-design/icons";
import { useId, useState, type DragEvent } from "react";
import { useI18n } from "../../i18n";

const ACCEPTED = ".jsonl,.ndjson,.json,.csv,.tsv,.txt,.xlsx,.gz";

export function DropZone({ onFiles, compact = false, disabled = false }: { onFiles: (files: File[]) => void; compact?: boolean; disabled?: boolean }) {
  const { t } = useI18n();
  const [over, setOver] = useState(false);
  const field = useId();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!disabled) onFiles([...event.dataTransfer.files]);
  };
  return (
    <div
      className="drop-zone"
      data-over={over}
      data-compact={compact}
      data-testid="drop-zone"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        id={field}
        className="unseen"
        type="file"
        accept={ACCEPTED}
        disabled={disabled}
        aria-describedby={`${field}-kinds`}
        data-testid="import-file"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file can be chosen again.
          event.target.value = "";
        }}
      />
      {compact ? (
        <label htmlFor={field} className="drop-label">
          {t("imports.another")}
        </label>
      ) : (
        <>
          <InboxOutlined className="drop-icon" aria-hidden="true" />
          <p className="flush">
            <strong>{t("imports.drop")}</strong>{" "}
            <label htmlFor={field} className="drop-label">
              {t("imports.choose")}
            </label>
          </p>
        </>
      )}
      <p id={`${field}-kinds`} className={compact ? "unseen" : "quiet small flush"}>
        {t("imports.kinds")}
      </p>
    </div>
  );
}
