// Writing an entry, with what the page that led here knows already.

import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Alert, App, Button, Form } from "antd";
import { useRef, useState } from "react";
import "../../components/editing.css";
import "./knowledge.css";
import { asApiError, useDesk, useMe } from "../../api";
import { askedIn, ErrorNotice, NearDuplicates, NeedsDesk, PageHeader } from "../../components";
import { useI18n } from "../../i18n";
import { createEntry, resolveGap, useRefresh, type Status } from "./api";
import { EntryForm } from "./EntryForm";
import { newEntry, type Fields } from "./fields";
import { LeaveGuard } from "../../components/LeaveGuard";

const route = getRouteApi("/console/knowledge/new");

export default function NewEntryPage() {
  return (
    <NeedsDesk>
      <NewEntry />
    </NeedsDesk>
  );
}

function NewEntry() {
  const { t } = useI18n();
  const desk = useDesk();
  const me = useMe();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const refresh = useRefresh(desk);
  const { question, pair, cluster, gap } = route.useSearch();
  const [form] = Form.useForm<Fields>();
  const [initial] = useState<Fields>(() => ({ questions: [question ?? ""], answer: "", language: "auto", tags: [], owner: me.name, from: null, to: null, note: "", externalId: "" }));
  const [fields, setFields] = useState(initial);
  const [wanted, setWanted] = useState<Status>("draft");
  const touched = useRef(false);

  const create = useMutation({
    mutationFn: async ({ status, onDuplicate }: { status: Status; onDuplicate: "list" | "refuse" }) => {
      const entry = await createEntry(newEntry(desk, status, { ...initial, ...form.getFieldsValue() }, { pairs: pair === undefined ? [] : [pair], ...(cluster === undefined ? {} : { cluster }) }), onDuplicate);
      // The gap is closed by what agents can get; a draft leaves it open.
      if (gap !== undefined && status === "published") await resolveGap(desk, gap, entry.id);
      return entry;
    },
    onSuccess: async (entry) => {
      touched.current = false;
      void message.success(entry.status === "published" ? t("knowledge.published") : t("knowledge.drafted"));
      await refresh();
      await navigate({ to: "/knowledge/$id", params: { id: entry.id } });
    },
  });
  const refused = create.error !== null && asApiError(create.error).code === "near_duplicate";
  const submit = (status: Status, onDuplicate: "list" | "refuse" = "refuse") => {
    setWanted(status);
    // The rule for the answer depends on the state that is wanted: it holds from the next turn on.
    setTimeout(() => {
      void form.validateFields().then(
        () => create.mutate({ status, onDuplicate }),
        () => undefined,
      );
    });
  };

  return (
    <div data-testid="new-entry-page">
      <PageHeader title={t("knowledge.newTitle")} lead={gap === undefined ? t("knowledge.newLead") : t("knowledge.newForGap")} />
      <LeaveGuard dirty={() => touched.current} />
      <div className="editor-grid">
        <div className="stack">
          {refused ? (
            <Alert
              type="warning"
              showIcon
              role="alert"
              data-testid="near-duplicate-refused"
              title={t("problem.near_duplicate")}
              description={t("problem.near_duplicate_way")}
              action={
                <Button size="small" onClick={() => submit(wanted, "list")} data-testid="save-anyway">
                  {t("knowledge.allTheSame")}
                </Button>
              }
            />
          ) : (
            create.error && <ErrorNotice error={create.error} />
          )}
          <EntryForm
            form={form}
            initial={initial}
            disabled={create.isPending}
            isNew
            answerNeeded={wanted === "published"}
            onChange={(all) => {
              touched.current = true;
              setFields(all);
            }}
          />
        </div>
        <aside className="editor-side">
          <section className="panel stack">
            <Button type="primary" block loading={create.isPending && wanted === "published"} onClick={() => submit("published")} data-testid="publish">
              {t("knowledge.publish")}
            </Button>
            <Button block loading={create.isPending && wanted === "draft"} onClick={() => submit("draft")} data-testid="save-draft">
              {t("knowledge.saveDraft")}
            </Button>
            <Link to="/knowledge">{t("common.cancel")}</Link>
          </section>
          <section className="panel">
            <NearDuplicates desk={desk} questions={askedIn(fields.questions)} answer={fields.answer} />
          </section>
        </aside>
      </div>
    </div>
  );
}
