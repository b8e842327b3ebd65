// An archived conversation played again at the desk.

import { ArrowLeftOutlined, CaretRightOutlined, PauseOutlined, RedoOutlined, StepForwardOutlined } from "@ant-design/icons";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Button, Segmented, Tooltip } from "antd";
import { useState } from "react";
import { useDesk } from "../../api";
import { ErrorNotice, NeedsDesk } from "../../components";
import { useI18n } from "../../i18n";
import { shortId } from "./ConversationList";
import { DeskFrame } from "./DeskFrame";
import { SPEEDS, useReplayTalk, type Replay } from "./useReplayTalk";
import { Workplace } from "./Workplace";

const route = getRouteApi("/console/desk/replay/$id");

export default function ReplayPage() {
  const { t } = useI18n();
  const { id } = route.useParams();
  const [run, setRun] = useState(1);
  return (
    <NeedsDesk>
      <DeskFrame title={t("desk.replay")} open>
        {(source) => <Replayed key={`${id}-${run}`} id={id} source={source} onAgain={() => setRun(run + 1)} />}
      </DeskFrame>
    </NeedsDesk>
  );
}

function Replayed({ id, source, onAgain }: { id: string; source: { open: (id: string, question: string) => void; close: () => boolean }; onAgain: () => void }) {
  const { t, format } = useI18n();
  const replay = useReplayTalk(useDesk(), id);
  if (replay.error) {
    return (
      <section className="desk-welcome">
        <ErrorNotice error={replay.error} onRetry={replay.reload} />
      </section>
    );
  }
  return (
    <Workplace
      talk={replay.talk}
      stream={null}
      replay
      loading={replay.loading}
      onSend={(text, delivered) => {
        replay.send(text);
        delivered();
      }}
      onOpenSource={source.open}
      onEscape={source.close}
      failed={replay.failed ? { error: replay.failed, again: replay.askAgain } : null}
      header={
        <header className="desk-head">
          <Link to="/desk" className="desk-back" aria-label={t("desk.allConversations")}>
            <ArrowLeftOutlined />
          </Link>
          <div className="desk-head-name">
            <h2>
              {t("desk.replay")} <span className="badge badge-info">{t("desk.replayBadge")}</span>
            </h2>
            <p className="quiet small flush">{replay.startedAt ? t("desk.replayOf", { id: shortId(id), date: format.date(replay.startedAt) }) : t("desk.visitor", { id: shortId(id) })}</p>
          </div>
        </header>
      }
      foot={<Controls replay={replay} onAgain={onAgain} />}
    />
  );
}

function Controls({ replay, onAgain }: { replay: Replay; onAgain: () => void }) {
  const { t, format } = useI18n();
  const ended = replay.total > 0 && replay.played >= replay.total;
  return (
    <div className="replay-bar" role="group" aria-label={t("desk.replayControls")} data-testid="replay-controls">
      {ended ? (
        <Button size="small" type="primary" icon={<RedoOutlined />} onClick={onAgain} data-testid="replay-again">
          {t("desk.replayAgain")}
        </Button>
      ) : (
        <Button size="small" type="primary" icon={replay.playing ? <PauseOutlined /> : <CaretRightOutlined />} onClick={() => replay.setPlaying(!replay.playing)} data-testid="replay-toggle">
          {t(replay.playing ? "desk.pause" : "desk.play")}
        </Button>
      )}
      <Tooltip title={t("desk.step")}>
        <Button size="small" icon={<StepForwardOutlined />} aria-label={t("desk.step")} disabled={ended} onClick={replay.step} data-testid="replay-step" />
      </Tooltip>
      <Segmented
        size="small"
        aria-label={t("desk.speed")}
        value={replay.speed}
        onChange={replay.setSpeed}
        options={SPEEDS.map((speed) => ({ value: speed, label: <span data-testid={`speed-${speed}`}>{t("desk.times", { n: format.number(speed) })}</span> }))}
      />
      <progress max={Math.max(1, replay.total)} value={replay.played} aria-label={t("desk.replayControls")} />
      <span className="replay-turn quiet small nowrap">{t("desk.turnOf", { n: replay.played, total: replay.total })}</span>
    </div>
  );
}
