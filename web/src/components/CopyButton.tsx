// Puts a text on the clipboard.

import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useState } from "react";
import { useI18n } from "../i18n";

const SAID_FOR_MS = 1600;

async function copy(text: string): Promise<void> {
  if (window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Over plain HTTP from another machine there is no clipboard API.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "unseen";
  (document.querySelector("[role=dialog]") ?? document.body).append(field);
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else copies without a secure context
  document.execCommand("copy");
  field.remove();
}

export function CopyButton({ text, testId = "copy" }: { text: string; testId?: string }) {
  const { t } = useI18n();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button size="small" icon={copied ? <CheckOutlined /> : <CopyOutlined />} onClick={() => void copy(text).then(() => setCopied(true))} data-testid={testId}>
      <span aria-live="polite">{copied ? t("common.copied") : t("common.copy")}</span>
    </Button>
  );
}
