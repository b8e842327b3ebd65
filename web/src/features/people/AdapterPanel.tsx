// Whether the encoder is adapted to a desk's archive, and the way there and back.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Alert, Button, Popconfirm, Skeleton } from "antd";
import { api, need, useMe } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { adapterQuery } from "./queries";

export function AdapterPanel({ desk }: { desk: string }) {
  const { t, format } = useI18n();
  const { may } = useMe();
  const client = useQueryClient();
  const mayAdapt = may("AdaptDesks");
  const { data, error } = useQuery({ ...adapterQuery(desk), enabled: mayAdapt });
  const start = useMutation({ mutationFn: () => need(api.POST("/v1/desks/{desk}/adapter", { params: { path: { desk } } })) });
  const stop = useMutation({
    mutationFn: () => need(api.DELETE("/v1/desks/{desk}/adapter", { params: { path: { desk } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: adapterQuery(desk).queryKey }),
  });
  if (!mayAdapt) return null;
  const failure = error ?? start.error ?? stop.error;
  return (
    <section className="panel stack" data-testid="adapter">
      <div>
        <h2>{t("people.adapter")}</h2>
        <p className="quiet flush">{t("people.adapterText")}</p>
      </div>
      {failure && <ErrorNotice error={failure} />}
      {!data && !error && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
      {data && (
        <>
          <p className="flush">{data.in_force ? t("people.adapterOn", { when: data.created_at ? format.date(data.created_at) : "–", n: data.lessons ?? 0 }) : t("people.adapterOff")}</p>
          {data.trial && (
            <p className="quiet flush">{t("people.adapterTrial", { before: format.percent(data.trial.before), after: format.percent(data.trial.after), n: data.trial.asked })}</p>
          )}
          {data.trial?.judged && (
            <p className="quiet flush">
              {t("people.adapterJudged", {
                before: format.percent(data.trial.judged.before),
                after: format.percent(data.trial.judged.after),
                n: data.trial.judged.asked,
              })}
            </p>
          )}
          {data.problem && (
            <p className="danger flush" lang="en">
              {data.problem}
            </p>
          )}
          {start.data ? (
            <Alert
              type="info"
              showIcon
              role="status"
              title={t("people.adapterStarted")}
              action={
                <Link to="/jobs/$id" params={{ id: start.data.id }}>
                  {t("people.adapterWatch")}
                </Link>
              }
            />
          ) : (
            <div className="row">
              <Button onClick={() => start.mutate()} loading={start.isPending} data-testid="adapt">
                {data.in_force ? t("people.adapterAgain") : t("people.adapterStart")}
              </Button>
              {data.in_force && (
                <Popconfirm title={t("people.adapterStopAsk")} onConfirm={() => stop.mutate()}>
                  <Button danger>{t("people.adapterStop")}</Button>
                </Popconfirm>
              )}
            </div>
          )}
        </>
      )}
    </section>
  );
}
