// Everything that was decided about the desk's clusters.

import "../../components/editing.css";
import "./curation.css";
import { useDesk } from "../../api";
import { NeedsDesk, PageHeader } from "../../components";
import { useI18n } from "../../i18n";
import { Decisions } from "./Decisions";
import { Tabs } from "./Tabs";

export default function DecisionsPage() {
  const { t } = useI18n();
  return (
    <NeedsDesk>
      <PageHeader title={t("curation.tabDecisions")} lead={t("curation.decisionsLead")} />
      <Tabs />
      <OfDesk />
    </NeedsDesk>
  );
}

function OfDesk() {
  const desk = useDesk();
  return <Decisions key={desk} desk={desk} />;
}
