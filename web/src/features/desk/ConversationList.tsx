// The desk's conversations, newest activity first; more are fetched on demand.

import { PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Segmented, Skeleton, Tooltip } from "antd";
import { useDesk } from "../../api";
import { ErrorNotice, useKept } from "../../components";
import { useI18n } from "../../i18n";
import { listConversations, type ConversationLine, type ConversationState } from "../../api/conversations";

const LOOK_AGAIN = 5000;
const isState = (value: unknown): value is ConversationState => value === "live" || value === "closed";

interface Props {
  onStart: () => void;
  starting: boolean;
}

export function ConversationList({ onStart, starting }: Props) {
  const { t } = useI18n();
  const desk = useDesk();
  const [state, setState] = useKept<ConversationState>("desk.list", "live", isState);
  const list = useInfiniteQuery({
    queryKey: ["conversations", desk, state],
    queryFn: ({ pageParam, signal }) => listConversations(desk, state, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // Only the first page changes by itself; whoever reads further back is not disturbed.
    refetchInterval: ({ state: { data } }) => (state === "live" && (data?.pages.length ?? 1) === 1 ? LOOK_AGAIN : false),
  });
  const lines = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <aside className="desk-list" aria-label={t("desk.conversations")} data-testid="conversations">
      <header className="desk-list-head">
        <h1>{t("desk.title")}</h1>
        <Tooltip title={t("desk.startHint")}>
          <Button type="primary" size="small" icon={<PlusOutlined />} loading={starting} onClick={onStart} data-testid="start">
            {t("desk.start")}
          </Button>
        </Tooltip>
      </header>
      <Segmented
        block
        aria-label={t("desk.which")}
        value={state}
        onChange={setState}
        options={[
          { value: "live", label: <span data-testid="list-live">{t("desk.live")}</span> },
          { value: "closed", label: <span data-testid="list-closed">{t("desk.archive")}</span> },
        ]}
      />
      {list.error && <ErrorNotice error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending ? (
        <ListSkeleton />
      ) : (
        <ul className="desk-lines">
          {lines.map((line) => (
            <Line key={line.id} line={line} now={list.dataUpdatedAt} />
          ))}
          {lines.length === 0 && !list.error && <li className="quiet desk-none">{t(state === "live" ? "desk.noneLive" : "desk.noneClosed")}</li>}
          {list.hasNextPage && (
            <li className="desk-none">
              <Button size="small" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} data-testid="more-conversations">
                {t("common.more")}
              </Button>
            </li>
          )}
        </ul>
      )}
    </aside>
  );
}

function ListSkeleton() {
  const { t } = useI18n();
  return (
    <ul className="desk-lines" role="status" aria-label={t("common.loading")}>
      {Array.from({ length: 8 }, (_line, place) => (
        <li key={place} className="desk-line">
          <Skeleton active title={false} paragraph={{ rows: 2, width: ["50%", "90%"] }} />
        </li>
      ))}
    </ul>
  );
}

/** What a conversation without a name is called: enough of its id to tell it from its neighbours. */
export const shortId = (id: string) => id.slice(-4);

/** `now`: when the list was made; waiting times grow with it. */
function Line({ line, now }: { line: ConversationLine; now: number }) {
  const { t, format } = useI18n();
  return (
    <li>
      <Link to="/desk/$id" params={{ id: line.id }} className="desk-line" activeProps={{ className: "desk-line active", "aria-current": "page" }} data-testid="conversation" data-id={line.id}>
        <span className="desk-line-top">
          <strong>{t("desk.visitor", { id: shortId(line.id) })}</strong>
          <time dateTime={line.lastAt}>{format.ago(line.lastAt)}</time>
        </span>
        <span className="desk-line-text">{line.lastText === null ? t("desk.noMessages") : line.lastRole === "agent" ? t("desk.youSaid", { text: line.lastText }) : line.lastText}</span>
        <span className="desk-line-foot">
          {line.state === "live" && line.waitingSince ? <span className="waiting">{t("desk.waitsSince", { time: format.duration(now - new Date(line.waitingSince).getTime()) })}</span> : <span>{line.channel ?? ""}</span>}
          <span>{t("desk.count", { n: line.messages })}</span>
        </span>
      </Link>
    </li>
  );
}
