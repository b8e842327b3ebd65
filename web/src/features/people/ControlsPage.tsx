// What was decided about single answers of a desk, and the answers that wait for a decision because agents called them outdated.

import { ControlOutlined, HistoryOutlined } from "@ant-design/icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Button, Popconfirm, Segmented, Tag } from "antd";
import { useState, type ReactNode } from "react";
import { api, need, useDesk, useMe } from "../../api";
import { DataTable, EmptyState, ErrorNotice, NeedsDesk, PageHeader, useCursorPages, type DataColumn } from "../../components";
import { useI18n } from "../../i18n";
import { ControlDialog } from "./ControlDialog";
import "./people.css";
import type { Control, Retired } from "./queries";

const route = getRouteApi("/console/controls");

export default function ControlsPage() {
  return (
    <NeedsDesk>
      <Controls />
    </NeedsDesk>
  );
}

function Controls() {
  const { t } = useI18n();
  const desk = useDesk();
  const { list } = route.useSearch();
  const navigate = route.useNavigate();
  const { may } = useMe();
  const lists = (
    <Segmented
      aria-label={t("people.controls")}
      value={list ?? "controls"}
      onChange={(value) => void navigate({ search: (search) => ({ ...search, list: value === "retired" ? "retired" : undefined }) })}
      options={[
        { value: "controls", label: t("people.controlsTab") },
        { value: "retired", label: t("people.retiredTab"), disabled: !may("ReviewAnswers") },
      ]}
    />
  );
  return (
    <>
      <PageHeader title={t("people.controls")} lead={t("people.controlsLead", { desk })} />
      {list === "retired" ? <RetiredList desk={desk} lists={lists} /> : <ControlList desk={desk} lists={lists} />}
    </>
  );
}

function ControlList({ desk, lists }: { desk: string; lists: ReactNode }) {
  const { t, format } = useI18n();
  const { may } = useMe();
  const client = useQueryClient();
  const [changing, setChanging] = useState<Control | null>(null);
  const pages = useCursorPages<Control>({
    name: "controls",
    queryKey: ["controls", desk],
    load: ({ signal, ...query }) => need(api.GET("/v1/desks/{desk}/controls", { params: { path: { desk }, query }, signal })),
  });
  const remove = useMutation({
    mutationFn: (id: string) => need(api.DELETE("/v1/desks/{desk}/controls/{id}", { params: { path: { desk, id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["controls", desk] }),
  });
  const mayChange = may("ControlAnswers");
  const columns: DataColumn<Control>[] = [
    { id: "kind", title: t("people.controlKind"), always: true, width: 185, render: (_value, control) => <Tag color={control.kind === "block" ? "error" : "processing"}>{t(`people.kind_${control.kind}`)}</Tag> },
    { id: "answer", title: t("people.answer"), always: true, width: 280, render: (_value, control) => <span className="clamp">{control.answer}</span> },
    { id: "detail", title: t("people.detail"), width: 130, render: (_value, control) => <Detail control={control} /> },
    { id: "note", title: t("people.note"), width: 120, render: (_value, control) => <span className="wrap">{control.note ?? "–"}</span> },
    { id: "pool", title: t("people.pool"), hidden: true, width: 120, render: (_value, control) => t(`people.pool_${control.pool}`) },
    { id: "actor", title: t("people.actor"), width: 80, render: (_value, control) => control.actor },
    { id: "since", title: t("people.since"), hidden: true, width: 120, render: (_value, control) => format.date(control.created_at) },
    { id: "expires", title: t("people.expires"), hidden: true, width: 130, render: (_value, control) => <Until at={control.expires_at ?? null} /> },
    ...(mayChange
      ? [
          {
            id: "actions",
            title: t("common.actions"),
            always: true,
            width: 190,
            render: (_value: unknown, control: Control) => (
              <span className="row nowrap">
                <Button size="small" onClick={() => setChanging(control)} data-testid="control-edit">
                  {t("people.controlEdit")}
                </Button>
                <Popconfirm title={t("people.controlRemoveAsk")} description={t("people.controlRemoveText")} okText={t("people.controlRemove")} onConfirm={() => remove.mutate(control.id)}>
                  <Button size="small" danger data-testid="control-remove">
                    {t("people.controlRemove")}
                  </Button>
                </Popconfirm>
              </span>
            ),
          } satisfies DataColumn<Control>,
        ]
      : []),
  ];
  return (
    <>
      {remove.error && <ErrorNotice error={remove.error} />}
      <DataTable
        name="controls"
        label={t("people.controls")}
        columns={columns}
        pages={pages}
        rowKey={(control) => control.id}
        toolbar={lists}
        scrollX={980}
        empty={<EmptyState icon={<ControlOutlined />} title={t("people.controlsEmpty")} text={t("people.controlsEmptyText")} />}
      />
      {changing && <ControlDialog desk={desk} control={changing} onClose={() => setChanging(null)} />}
    </>
  );
}

function Detail({ control }: { control: Control }) {
  const { t } = useI18n();
  if (control.kind === "boost") return <>{t("people.points", { n: control.points })}</>;
  if (control.kind !== "must_not_match") return <>–</>;
  return (
    <span className="row">
      {control.phrases.map((phrase) => (
        <Tag key={phrase}>{phrase}</Tag>
      ))}
    </span>
  );
}

function Until({ at }: { at: string | null }) {
  const { t, format } = useI18n();
  const [now] = useState(Date.now);
  if (at === null) return <>–</>;
  return <>{Date.parse(at) <= now ? t("people.expired", { when: format.date(at) }) : format.date(at)}</>;
}

function RetiredList({ desk, lists }: { desk: string; lists: ReactNode }) {
  const { t, format } = useI18n();
  const client = useQueryClient();
  const pages = useCursorPages<Retired>({
    name: "retired",
    queryKey: ["retired", desk],
    load: ({ signal, ...query }) => need(api.GET("/v1/desks/{desk}/retired", { params: { path: { desk }, query }, signal })),
  });
  const review = useMutation({
    mutationFn: ({ id, verdict }: { id: string; verdict: "restore" | "retire" }) => need(api.POST("/v1/desks/{desk}/retired/{id}", { params: { path: { desk, id } }, body: { verdict } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["retired", desk] }),
  });
  const columns: DataColumn<Retired>[] = [
    {
      id: "answer",
      title: t("people.answer"),
      always: true,
      render: (_value, answer) => (
        <>
          <span className="clamp">{answer.text}</span>
          {answer.like_answers > 0 && <span className="quiet small"> {t("people.likeAnswers", { n: answer.like_answers })}</span>}
        </>
      ),
    },
    { id: "state", title: t("people.keyState"), width: 150, render: (_value, answer) => t(`people.state_${answer.state}`) },
    { id: "reports", title: t("people.reports"), width: 90, align: "right", render: (_value, answer) => format.number(answer.reports) },
    { id: "by", title: t("people.reportedBy"), width: 130, render: (_value, answer) => answer.reported_by },
    { id: "at", title: t("people.reportedAt"), width: 140, render: (_value, answer) => format.ago(answer.reported_at) },
    {
      id: "actions",
      title: t("common.actions"),
      always: true,
      width: 240,
      render: (_value, answer) => (
        <span className="row nowrap">
          {answer.state !== "restored" && (
            <Button size="small" onClick={() => review.mutate({ id: answer.id, verdict: "restore" })} data-testid="retired-restore">
              {t("people.restore")}
            </Button>
          )}
          {answer.state !== "retired" && (
            <Button size="small" danger onClick={() => review.mutate({ id: answer.id, verdict: "retire" })} data-testid="retired-retire">
              {t("people.retire")}
            </Button>
          )}
        </span>
      ),
    },
  ];
  return (
    <>
      {review.error && <ErrorNotice error={review.error} />}
      <DataTable
        name="retired"
        label={t("people.retiredTab")}
        columns={columns}
        pages={pages}
        rowKey={(answer) => answer.id}
        toolbar={lists}
        scrollX={900}
        empty={<EmptyState icon={<HistoryOutlined />} title={t("people.retiredEmpty")} text={t("people.retiredEmptyText")} />}
      />
    </>
  );
}
