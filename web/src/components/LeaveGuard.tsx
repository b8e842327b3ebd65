// Asks before a page with unsaved changes is left.

import { useBlocker } from "@tanstack/react-router";
import { Modal } from "antd";
import { useI18n } from "../i18n";

/** `dirty` is asked at the moment of leaving. */
export function LeaveGuard({ dirty }: { dirty: () => boolean }) {
  const { t } = useI18n();
  const { proceed, reset, status } = useBlocker({
    // The address may change its search alone, as when the desk is chosen again.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && dirty(),
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  return (
    <Modal
      open={status === "blocked"}
      title={t("editing.leaveTitle")}
      okText={t("editing.leave")}
      okButtonProps={{ danger: true }}
      cancelText={t("editing.stay")}
      onOk={() => proceed?.()}
      onCancel={() => reset?.()}
    >
      {t("editing.leaveText")}
    </Modal>
  );
}
