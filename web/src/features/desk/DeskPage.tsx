// The desk before a conversation is chosen: says what it is for, and shows it with one click.

import { MessageOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { EmptyState, NeedsDesk } from "../../components";
import { useI18n } from "../../i18n";
import { DemoButton, DeskFrame, useStart } from "./DeskFrame";

export default function DeskPage() {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <DeskFrame title={t("desk.title")} open={false}>
        {() => (
          <section className="desk-welcome">
            <EmptyState title={t("desk.welcome")} text={t("desk.welcomeText")} icon={<MessageOutlined />} testId="desk-welcome">
              <Ways />
            </EmptyState>
          </section>
        )}
      </DeskFrame>
    </NeedsDesk>
  );
}

function Ways() {
  const { t } = useI18n();
  const start = useStart();
  return (
    <>
      <div className="row desk-ways">
        <DemoButton primary />
        <Button loading={start.isPending} onClick={() => start.mutate()} data-testid="start-first">
          {t("desk.startFirst")}
        </Button>
      </div>
      <div className="small quiet desk-safe">{t("desk.demoSafe")}</div>
    </>
  );
}
