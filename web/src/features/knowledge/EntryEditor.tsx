// Changing an entry. What is sent is what was changed, made to the version that was read; when somebody else was faster, the editor sees
// what they did and chooses.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, App, Button, Form, Popconfirm } from "antd";
import { useRef, useState } from "react";
import { asApiError, useMe } from "../../api";
import { askedIn, ErrorNotice, NearDuplicates, useHotkeys } from "../../components";
import { useI18n } from "../../i18n";
import { entryKey, loadEntry, patchEntry, useRefresh, type Entry, type Patch, type Status } from "./api";
import { EntryForm } from "./EntryForm";
import { changesOf, fieldsOf, type Fields } from "./fields";
import { LeaveGuard } from "../../components/LeaveGuard";
import { VersionDiff } from "./VersionDiff";

interface Props {
  entry: Entry;
  /** The form is to begin anew with the present version. */
  onFresh: () => void;
}

export function EntryEditor({ entry: present, onFresh }: Props) {
  const { t } = useI18n();
  const mayWrite = useMe().may("WriteEntries");
  const { message } = App.useApp();
  const client = useQueryClient();
  const refresh = useRefresh(present.desk);
  const [form] = Form.useForm<Fields>();
  // What was read when the form was opened: later answers of the service don't change under somebody's hands.
  const [base] = useState(present);
  const [initial] = useState(() => fieldsOf(base));
  const [fields, setFields] = useState(initial);
  const [theirs, setTheirs] = useState<Entry | null>(null);
  const [wanted, setWanted] = useState<Status>(base.status);
  const saved = useRef(false);
  const changes = changesOf(base, fields);
  const dirty = Object.keys(changes).length > 0;

  const save = useMutation({
    mutationFn: ({ patch, version }: { patch: Patch; version: number }) => patchEntry(base, version, patch),
    onSuccess: async (changed, { patch }) => {
      saved.current = true;
      client.setQueryData(entryKey(base.desk, base.id), changed);
      void message.success(patch.status ? t(`knowledge.now_${patch.status}`) : t("common.saved"));
      await refresh();
      onFresh();
    },
    onError: async (error) => {
      window.scrollTo({ top: 0 });
      if (asApiError(error).code !== "version_mismatch") return;
      setTheirs(await loadEntry(base.desk, base.id));
    },
  });

  const submit = (status?: Status, version = base.version) => {
    setWanted(status ?? base.status);
    // The rule for the answer depends on the state that is wanted: it holds from the next turn on.
    setTimeout(() => {
      void form.validateFields().then(
        () => {
          const now = { ...initial, ...form.getFieldsValue() };
          const note = now.note.trim();
          save.mutate({ version, patch: { ...changesOf(base, now), ...(status === undefined ? {} : { status }), ...(note === "" ? {} : { note }) } });
        },
        () => undefined,
      );
    });
  };
  useHotkeys({ "mod+s": () => submit() }, mayWrite && dirty && !save.isPending);

  const attempted = save.variables?.patch.status;
  return (
    <div className="editor-grid">
      <LeaveGuard dirty={() => dirty && !saved.current} />
      <div className="stack">
        {theirs ? (
          <Overtaken
            base={base}
            theirs={theirs}
            busy={save.isPending}
            onMine={() => submit(attempted ?? undefined, theirs.version)}
            onTheirs={() => {
              client.setQueryData(entryKey(base.desk, base.id), theirs);
              onFresh();
            }}
          />
        ) : (
          save.error && asApiError(save.error).code !== "version_mismatch" && <ErrorNotice error={save.error} />
        )}
        <EntryForm form={form} initial={initial} disabled={!mayWrite || save.isPending} isNew={false} answerNeeded={wanted === "published"} onChange={setFields} />
      </div>
      <aside className="editor-side">
        {mayWrite && (
          <section className="panel stack">
            {base.status === "published" ? (
              <Button type="primary" block disabled={!dirty} loading={save.isPending && !attempted} onClick={() => submit()} data-testid="save">
                {t("common.save")}
              </Button>
            ) : (
              <>
                <Button type="primary" block loading={save.isPending && attempted === "published"} onClick={() => submit("published")} data-testid="publish">
                  {t("knowledge.publish")}
                </Button>
                <Button block disabled={!dirty} loading={save.isPending && !attempted} onClick={() => submit()} data-testid="save">
                  {base.status === "draft" ? t("knowledge.saveDraft") : t("common.save")}
                </Button>
              </>
            )}
            {base.status !== "draft" && (
              <Button block loading={save.isPending && attempted === "draft"} onClick={() => submit("draft")} data-testid="to-draft">
                {t("knowledge.toDraft")}
              </Button>
            )}
            {base.status !== "retired" && (
              <Popconfirm title={t("knowledge.retireSure")} okText={t("knowledge.retire")} onConfirm={() => submit("retired")}>
                <Button block danger loading={save.isPending && attempted === "retired"} data-testid="retire">
                  {t("knowledge.retire")}
                </Button>
              </Popconfirm>
            )}
          </section>
        )}
        <section className="panel">
          <NearDuplicates desk={base.desk} questions={askedIn(fields.questions)} answer={fields.answer} except={base.id} />
        </section>
        <Origin entry={base} />
      </aside>
    </div>
  );
}

interface OvertakenProps {
  base: Entry;
  theirs: Entry;
  busy: boolean;
  onMine: () => void;
  onTheirs: () => void;
}

function Overtaken({ base, theirs, busy, onMine, onTheirs }: OvertakenProps) {
  const { t, format } = useI18n();
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      data-testid="overtaken"
      title={t("knowledge.overtaken", { who: theirs.updated_by, when: format.ago(theirs.updated_at) })}
      description={
        <div className="stack">
          <p className="flush">{t("knowledge.overtakenText")}</p>
          <VersionDiff desk={base.desk} id={base.id} from={base.version} to={theirs.version} />
          <span className="row">
            <Button size="small" type="primary" loading={busy} onClick={onMine} data-testid="save-mine">
              {t("knowledge.saveMine")}
            </Button>
            <Button size="small" disabled={busy} onClick={onTheirs} data-testid="take-theirs">
              {t("knowledge.takeTheirs")}
            </Button>
          </span>
        </div>
      }
    />
  );
}

function Origin({ entry }: { entry: Entry }) {
  const { t, format } = useI18n();
  const { cluster, pairs = [] } = entry.provenance;
  return (
    <section className="panel" aria-label={t("knowledge.origin")}>
      <h2>{t("knowledge.origin")}</h2>
      <dl className="facts narrow-facts">
        <dt>{t("knowledge.externalId")}</dt>
        <dd>
          <code>{entry.external_id}</code>
        </dd>
        <dt>{t("knowledge.made")}</dt>
        <dd>{t("knowledge.madeBy", { who: entry.created_by, when: format.date(entry.created_at) })}</dd>
        <dt>{t("knowledge.source")}</dt>
        <dd data-testid="entry-source">
          {cluster ? (
            <Link to="/clusters/$id" params={{ id: cluster }}>
              {t("knowledge.fromCluster")}
            </Link>
          ) : pairs.length > 0 ? (
            t("knowledge.fromArchive")
          ) : (
            t("knowledge.byHand")
          )}
          {pairs.length > 0 && <span className="quiet"> · {t("knowledge.pairs", { n: pairs.length })}</span>}
        </dd>
      </dl>
    </section>
  );
}
