// Choosing another cluster: searched for by the service, so that it works with thousands.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Input, Modal, Skeleton, type InputRef } from "antd";
import { useRef, useState } from "react";
import { api, need } from "../../api";
import { ErrorNotice, useSettled } from "../../components";
import { useI18n } from "../../i18n";
import { clustersKey, type Cluster } from "./api";

const SHOWN = 30;

/** Clusters with these words, largest first, without the one that is asked from. */
export function useOthers(except: Cluster, text: string) {
  const { desk, id, language } = except;
  const asked = useSettled(text.trim(), 300);
  const { data, error } = useQuery({
    queryKey: [...clustersKey(desk), "others", asked, language],
    queryFn: ({ signal }) => need(api.GET("/v1/clusters", { params: { query: { desk, limit: SHOWN, ...(asked === "" ? { language } : { q: asked }) } }, signal })),
    placeholderData: keepPreviousData,
  });
  return { clusters: data?.items.filter((cluster) => cluster.id !== id), error };
}

interface Props {
  open: boolean;
  except: Cluster;
  onPick: (cluster: Cluster) => void;
  onCancel: () => void;
}

export function PickCluster({ open, except, onPick, onCancel }: Props) {
  const { t } = useI18n();
  const field = useRef<InputRef>(null);
  return (
    <Modal
      open={open}
      title={t("curation.mergeWith", { name: except.name })}
      footer={null}
      onCancel={onCancel}
      destroyOnHidden
      afterOpenChange={(shown) => {
        if (shown) field.current?.focus();
      }}
    >
      <Picker except={except} onPick={onPick} field={field} />
    </Modal>
  );
}

function Picker({ except, onPick, field }: { except: Cluster; onPick: (cluster: Cluster) => void; field: React.RefObject<InputRef | null> }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const { clusters, error } = useOthers(except, text);
  return (
    <>
      <Input ref={field} value={text} allowClear aria-label={t("curation.searchOther")} placeholder={t("curation.searchOther")} onChange={(event) => setText(event.target.value)} data-testid="pick-search" />
      {error && <ErrorNotice error={error} />}
      <ul className="pick-list" tabIndex={0} aria-label={t("curation.others")} data-testid="pick-list">
        {!clusters && !error && <Skeleton active paragraph={{ rows: 6 }} title={false} />}
        {clusters?.length === 0 && <li className="quiet">{t("curation.noneFound")}</li>}
        {clusters?.map((cluster) => (
          <li key={cluster.id}>
            <button type="button" className="pick" onClick={() => onPick(cluster)} data-testid="pick">
              <span>{cluster.name}</span>
              <span className="quiet small nowrap">{t("curation.questionCount", { n: cluster.size })}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
