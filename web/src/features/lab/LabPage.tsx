// Try a conversation: paste it or take one from the archive, and see what is suggested, for which query, out of which candidates, and why in
// this order.

import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { useEffect, useRef, useState } from "react";
import { api, need, useDesk, type Schemas } from "../../api";
import { ErrorNotice, Keys, NeedsDesk, PageHeader, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import { ArchivePicker } from "./ArchivePicker";
import "./lab.css";
import { explainSuggestions, type Explained } from "./explain";
import { Outcome } from "./Outcome";
import { parseConversation, writeConversation, type Turn } from "./parse";

const route = getRouteApi("/console/lab");

const MOST_REPLIES = 20;
type Language = "auto" | Schemas["Language"];
type Pools = "both" | Schemas["Pool"];

export default function LabPage() {
  const { t } = useI18n();
  return (
    <>
      <PageHeader title={t("lab.title")} lead={t("lab.lead")} />
      <NeedsDesk>
        <Lab />
      </NeedsDesk>
    </>
  );
}

function Lab() {
  const { t } = useI18n();
  const desk = useDesk();
  const [text, setText] = useState("");
  const [limit, setLimit] = useState(3);
  const [language, setLanguage] = useState<Language>("auto");
  const [pools, setPools] = useState<Pools>("both");
  const turns = parseConversation(text);
  const run = useMutation<Explained, Error, Turn[]>({
    mutationFn: (messages) =>
      explainSuggestions({
        desk,
        limit,
        conversation: { messages },
        ...(language === "auto" ? {} : { language }),
        filters: { pools: pools === "both" ? [] : [pools], tags: [] },
      }),
  });
  const start = () => {
    if (turns.length > 0) run.mutate(turns);
  };
  useHotkeys({ "mod+Enter": start });
  useFromAddress(desk, (taken) => {
    setText(taken);
    run.mutate(parseConversation(taken));
  });

  return (
    <div className="lab">
      <section className="panel lab-form" aria-label={t("lab.conversation")}>
        <div className="lab-form-head">
          <h2>{t("lab.conversation")}</h2>
          <ArchivePicker />
        </div>
        <Input.TextArea className="lab-text" value={text} onChange={(event) => setText(event.target.value)} rows={12} placeholder={t("lab.placeholder")} aria-label={t("lab.conversation")} aria-describedby="lab-count" data-testid="lab-text" />
        <p id="lab-count" className="quiet small">
          {turns.length === 0 ? t("lab.format") : t("lab.read", { n: turns.length, last: t(`lab.role_${turns.at(-1)?.role ?? "customer"}`) })}
        </p>
        <dl className="lab-options">
          <dt id="lab-limit">{t("lab.limit")}</dt>
          <dd>
            <InputNumber min={1} max={MOST_REPLIES} value={limit} onChange={(value) => setLimit(value ?? 1)} aria-labelledby="lab-limit" />
          </dd>
          <dt id="lab-language">{t("lab.language")}</dt>
          <dd>
            <Select<Language>
              value={language}
              onChange={setLanguage}
              aria-labelledby="lab-language"
              popupMatchSelectWidth={false}
              options={[
                { value: "auto", label: t("lab.languageAuto") },
                { value: "zh", label: t("common.zh") },
                { value: "en", label: t("common.en") },
              ]}
            />
          </dd>
          <dt id="lab-pools">{t("lab.pools")}</dt>
          <dd>
            <Segmented<Pools>
              value={pools}
              onChange={setPools}
              aria-labelledby="lab-pools"
              options={[
                { value: "both", label: t("lab.poolsBoth") },
                { value: "archive", label: t("desk.pool_archive") },
                { value: "knowledge", label: t("desk.pool_knowledge") },
              ]}
            />
          </dd>
        </dl>
        <Button type="primary" block disabled={turns.length === 0} loading={run.isPending} onClick={start} data-testid="lab-run">
          {t("lab.run")} <Keys of={["Ctrl", "Enter"]} />
        </Button>
      </section>
      <div className="lab-result" aria-live="polite" aria-busy={run.isPending}>
        {run.error ? <ErrorNotice error={run.error} onRetry={start} /> : <Outcome explained={run.data} turns={run.variables ?? []} pending={run.isPending} />}
      </div>
    </div>
  );
}

/** Takes the conversation that the address names, once. */
function useFromAddress(desk: string, take: (text: string) => void) {
  const { t } = useI18n();
  const { conversation } = route.useSearch();
  const taken = useRef<string | null>(null);
  const { data } = useQuery({
    queryKey: ["conversation", desk, conversation],
    queryFn: ({ signal }) => need(api.GET("/v1/conversations/{id}", { params: { path: { id: conversation ?? "" }, query: { desk } }, signal })),
    enabled: conversation !== undefined,
  });
  useEffect(() => {
    if (!data || taken.current === data.id) return;
    taken.current = data.id;
    // What came after the customer's last words has answered them.
    const end = data.messages.findLastIndex((message) => message.role === "customer");
    const names = { customer: t("lab.role_customer"), agent: t("lab.role_agent"), bot: t("lab.role_bot"), system: t("lab.role_system") };
    take(writeConversation(data.messages.slice(0, end + 1), names));
    // Taken once a conversation: another language or function must not run it again.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [data]);
}
