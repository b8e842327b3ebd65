// From a cluster to a knowledge entry: what it will say, where that is from, and which entries ask the same, before anything is written.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, App, Button, Drawer, Form, Input, Radio, Select } from "antd";
import { useState } from "react";
import { asApiError, useMe, type Schemas } from "../../api";
import { askedIn, ChangeProblem, NearDuplicates, QuestionsField, useNearDuplicates, type NearDuplicate } from "../../components";
import { LeaveGuard } from "../../components/LeaveGuard";
import { AnswerField } from "../../components/AnswerField";
import { useI18n } from "../../i18n";
import { mergeInto, promote, useDecided, type ClusterView } from "./api";

interface Fields {
  pair: string;
  questions: string[];
  answer: string;
  tags: string[];
  owner: string;
  note: string;
}

interface Props {
  cluster: ClusterView;
  /** Whose answer; the first one when `null`. */
  answerPair: string | null;
  onClose: () => void;
  onLookAgain: () => void;
}

export function PromoteDrawer({ cluster, answerPair, onClose, onLookAgain }: Props) {
  const { t, format } = useI18n();
  const me = useMe();
  const client = useQueryClient();
  const { refresh } = useDecided(cluster.desk);
  const [form] = Form.useForm<Fields>();
  const { answers } = cluster;
  const chosen = answers.find((answer) => answer.pair_id === answerPair) ?? answers[0];
  const initial: Fields = { pair: chosen?.pair_id ?? "", questions: cluster.proposed_questions, answer: chosen?.text ?? "", tags: [], owner: me.name, note: "" };
  const questions = askedIn(Form.useWatch("questions", form));
  const answer = (Form.useWatch("answer", form) as string | undefined) ?? initial.answer;
  const [made, setMade] = useState<Schemas["Promoted"] | null>(null);
  const { modal } = App.useApp();
  const asked = { desk: cluster.desk, questions, answer };
  const against = useNearDuplicates(asked).found.find((near) => near.contradicts && near.status === "published");

  const write = useMutation({
    mutationFn: ({ status, onDuplicate }: { status: Schemas["EntryStatus"]; onDuplicate: "list" | "refuse" }) => {
      const fields = { ...initial, ...form.getFieldsValue() };
      return promote(
        cluster,
        {
          status,
          questions: askedIn(fields.questions),
          answer: fields.answer,
          tags: fields.tags,
          ...(fields.pair === "" ? {} : { answer_pair: fields.pair }),
          ...(fields.owner.trim() === "" ? {} : { owner: fields.owner.trim() }),
          ...(fields.note.trim() === "" ? {} : { note: fields.note.trim() }),
        },
        onDuplicate,
      );
    },
    onSuccess: async (promoted) => {
      setMade(promoted);
      await Promise.all([refresh(), client.invalidateQueries({ queryKey: ["entries", cluster.desk] })]);
    },
  });
  const into = useMutation({
    mutationFn: (near: NearDuplicate) => mergeInto(cluster, near.entry, questions),
    onSuccess: () => Promise.all([refresh(), client.invalidateQueries({ queryKey: ["entries", cluster.desk] })]),
  });
  const isDone = made !== null || into.isSuccess;
  const isDirty = () => !isDone && form.isFieldsTouched();
  const leave = () => {
    if (!isDirty()) {
      onClose();
      return;
    }
    modal.confirm({ title: t("editing.leaveTitle"), content: t("editing.leaveText"), okText: t("editing.leave"), okButtonProps: { danger: true }, cancelText: t("editing.stay"), onOk: onClose });
  };
  const attempt = write.variables;
  const code = write.error ? asApiError(write.error).code : null;

  const submit = (status: Schemas["EntryStatus"], onDuplicate: "list" | "refuse" = "refuse") => {
    void form.validateFields().then(
      () => write.mutate({ status, onDuplicate }),
      // The fields say themselves what they lack.
      () => undefined,
    );
  };

  // Beside the buttons, where whoever pressed one is looking.
  const refused =
    write.error && code === "near_duplicate" ? (
      <Alert
        type="warning"
        showIcon
        role="alert"
        data-testid="near-duplicate-refused"
        title={t("curation.duplicateTitle")}
        description={t("curation.duplicateText")}
        action={
          <Button size="small" onClick={() => attempt && submit(attempt.status, "list")} data-testid="promote-anyway">
            {t("curation.allTheSame")}
          </Button>
        }
      />
    ) : (
      (write.error ?? into.error) && (
        <ChangeProblem
          error={write.error ?? into.error}
          onLookAgain={() => {
            onClose();
            onLookAgain();
          }}
        />
      )
    );

  return (
    <Drawer
      open
      size="min(880px, 100vw)"
      title={t("curation.promoteTitle")}
      onClose={leave}
      footer={
        isDone ? (
          <span className="row">
            <Link to="/knowledge/$id" params={{ id: made?.entry.id ?? into.data?.entry.id ?? "" }} data-testid="open-entry">
              {t("curation.openEntry")}
            </Link>
            <Button onClick={onClose}>{t("common.close")}</Button>
          </span>
        ) : (
          <div className="stack">
            {refused}
            {against && (
              <Alert type="warning" showIcon role="alert" data-testid="contradicts-entry" title={t("curation.contradictTitle")} description={t("curation.contradictText", { title: against.title, answer: against.answer })} />
            )}
            <span className="row">
              <Button type="primary" loading={write.isPending && attempt?.status === "published"} disabled={write.isPending} onClick={() => submit("published")} data-testid="promote-publish">
                {t("curation.publish")}
              </Button>
              <Button loading={write.isPending && attempt?.status === "draft"} disabled={write.isPending} onClick={() => submit("draft")} data-testid="promote-draft">
                {t("curation.asDraft")}
              </Button>
              <Button onClick={leave}>{t("common.cancel")}</Button>
            </span>
          </div>
        )
      }
      data-testid="promote-drawer"
    >
      {made ? (
        <Alert
          type="success"
          showIcon
          data-testid="promoted"
          data-entry={made.entry.id}
          title={made.entry.status === "published" ? t("curation.promotedPublished") : t("curation.promotedDraft")}
          description={made.entry.status === "published" ? (made.entry.indexed ? t("curation.promotedIndexed") : t("curation.promotedSoon")) : t("curation.promotedDraftText")}
        />
      ) : into.data ? (
        <Alert
          type="success"
          showIcon
          data-testid="merged-into"
          data-entry={into.data.entry.id}
          title={t("curation.mergedInto", { title: into.data.entry.questions[0] ?? "" })}
          description={into.data.added > 0 ? t("curation.mergedText", { n: into.data.added }) : t("curation.mergedNone")}
        />
      ) : (
        <div className="stack">
          <LeaveGuard dirty={isDirty} />
          <Form<Fields> form={form} layout="vertical" initialValues={initial} requiredMark={false}>
            <div className="promote-grid">
              <Form.Item
                name="questions"
                label={t("editing.questions")}
                rules={[{ validator: (_rule, value: string[]) => (askedIn(value).length > 0 ? Promise.resolve() : Promise.reject(new Error(t("curation.needsQuestion")))) }]}
              >
                <QuestionsField />
              </Form.Item>
              <NearDuplicates {...asked} onMerge={(near) => into.mutate(near)} merging={into.isPending} />
            </div>
            {answers.length > 1 && (
              <Form.Item name="pair" label={t("curation.answerFrom")}>
                <Radio.Group className="choices" onChange={(event) => form.setFieldValue("answer", answers.find((one) => one.pair_id === event.target.value)?.text ?? "")}>
                  {answers.map((one, place) => (
                    <Radio key={one.pair_id} value={one.pair_id}>
                      <span className="answer-number">{t("curation.answerNumber", { n: place + 1 })}</span> {one.text}{" "}
                      <span className="quiet small">
                        {t("curation.support", { n: one.support })}
                        {one.last_answered_at && ` · ${format.date(one.last_answered_at)}`}
                        {one.newest && ` · ${t("curation.newest")}`}
                      </span>
                    </Radio>
                  ))}
                </Radio.Group>
              </Form.Item>
            )}
            <Form.Item name="answer" label={t("curation.answer")} extra={t("curation.masked")} rules={[{ required: true, whitespace: true, message: t("curation.needsAnswer") }]}>
              <AnswerField />
            </Form.Item>
            <div className="promote-row">
              <Form.Item name="tags" label={t("curation.tags")}>
                <Select mode="tags" open={false} suffix={null} tokenSeparators={[",", "，", ";", "；"]} placeholder={t("curation.tagsHow")} />
              </Form.Item>
              <Form.Item name="owner" label={t("curation.owner")}>
                <Input maxLength={200} />
              </Form.Item>
            </div>
            <Form.Item name="note" label={t("curation.note")}>
              <Input maxLength={500} placeholder={t("curation.noteExample")} />
            </Form.Item>
          </Form>
          <section className="provenance" aria-label={t("curation.provenance")} data-testid="provenance">
            <h3>{t("curation.provenance")}</h3>
            <p className="quiet flush">{t("curation.provenanceText", { name: cluster.name, questions: cluster.size, customers: cluster.customers, conversations: cluster.conversations })}</p>
          </section>
        </div>
      )}
    </Drawer>
  );
}
