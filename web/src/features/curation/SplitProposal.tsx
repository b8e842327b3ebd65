// How the service would divide a cluster: its parts, of which one or none is taken out.

import { useQuery } from "@tanstack/react-query";
import { Input, Modal, Radio, Skeleton } from "antd";
import { useState } from "react";
import { api, need } from "../../api";
import { ErrorNotice } from "../../components";
import { useI18n } from "../../i18n";
import { clusterKey, type Cluster } from "./api";

const EXAMPLES = 3;

interface Props {
  cluster: Cluster;
  busy: boolean;
  onCancel: () => void;
  onSplit: (members: string[], name: string) => void;
}

export function SplitProposal({ cluster, busy, onCancel, onSplit }: Props) {
  const { t } = useI18n();
  const { desk, id, version } = cluster;
  const { data, error, refetch } = useQuery({
    queryKey: [...clusterKey(desk, id), "split", version],
    queryFn: ({ signal }) => need(api.GET("/v1/clusters/{id}/split", { params: { path: { id }, query: { desk } }, signal })),
  });
  const [chosen, choose] = useState<number | null>(null);
  const [name, setName] = useState("");
  // The smallest part is the likeliest to be a question of its own.
  const place = chosen ?? (data ? data.length - 1 : 0);
  const part = data?.[place];
  const whole = data?.length === 1;
  return (
    <Modal
      open
      title={t("curation.splitTitle")}
      okText={t("curation.split")}
      okButtonProps={{ loading: busy, disabled: !part || whole, ...{ "data-testid": "proposal-confirm" } }}
      onOk={() => part && onSplit(part.members.map((member) => member.pair_id), name.trim())}
      onCancel={onCancel}
      width={680}
    >
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton active paragraph={{ rows: 8 }} />}
      {whole && <p>{t("curation.splitWhole")}</p>}
      {data && !whole && (
        <div data-testid="split-proposal">
          <p className="quiet">{t("curation.splitText")}</p>
          <Radio.Group className="choices proposal" value={place} onChange={(event) => choose(Number(event.target.value))} aria-label={t("curation.splitTitle")}>
            {data.map((one, number) => (
              <Radio key={one.members[0]?.pair_id ?? number} value={number}>
                <strong>{one.representative}</strong> <span className="quiet">{t("curation.questionCount", { n: one.members.length })}</span>
                <ul className="examples">
                  {one.members.slice(0, EXAMPLES).map((member) => (
                    <li key={member.pair_id}>{member.question}</li>
                  ))}
                </ul>
              </Radio>
            ))}
          </Radio.Group>
          <Input value={name} maxLength={200} aria-label={t("curation.splitName")} placeholder={t("curation.splitName")} onChange={(event) => setName(event.target.value)} />
        </div>
      )}
    </Modal>
  );
}
