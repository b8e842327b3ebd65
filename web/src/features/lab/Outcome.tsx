// What came out of one try: the query as understood, what would be shown, and the candidates in their order.

import { Skeleton } from "antd";
import { ExperimentOutlined } from "@ant-design/icons";
import { EmptyState, SlotText } from "../../components";
import { useI18n } from "../../i18n";
import { Candidates } from "./Candidates";
import type { Explained } from "./explain";
import type { Turn } from "./parse";

interface Props {
  explained: Explained | undefined;
  /** What was asked about. */
  turns: Turn[];
  pending: boolean;
}

export function Outcome({ explained, turns, pending }: Props) {
  const { t } = useI18n();
  if (!explained) {
    if (!pending) return <EmptyState title={t("lab.nothingYet")} text={t("lab.nothingYetText")} icon={<ExperimentOutlined />} testId="lab-empty" />;
    return (
      <section className="panel">
        <Skeleton active paragraph={{ rows: 10 }} />
      </section>
    );
  }
  return (
    <div className="stack" data-testid="lab-outcome">
      <Query explained={explained} turns={turns} />
      <Shown explained={explained} />
      {explained.explanation && <Candidates explanation={explained.explanation} />}
    </div>
  );
}

function Query({ explained, turns }: { explained: Explained; turns: Turn[] }) {
  const { t, format } = useI18n();
  const { query, timings_ms: timings, model, explanation } = explained;
  const milliseconds = (value: number) => t("lab.ms", { n: format.number(Math.round(value * 10) / 10) });
  return (
    <section className="panel" data-testid="lab-query">
      <h2>{t("lab.query")}</h2>
      <p className="lab-question">{query.text === "" ? t("lab.noQuery") : query.text}</p>
      {query.questions && query.questions.length > 0 && (
        <>
          <h3>{t("lab.questions")}</h3>
          <ol className="lab-questions">
            {query.questions.map((question) => (
              <li key={question}>{question}</li>
            ))}
          </ol>
        </>
      )}
      <h3>{t("lab.turns")}</h3>
      <ol className="lab-turns">
        {turns.map((turn, place) => (
          <li key={place} data-used={query.used_turns.includes(place)}>
            <span className="lab-role">{t(`lab.role_${turn.role}`)}</span>
            <span className="wrap">{turn.text}</span>
            <span className="small quiet nowrap">{query.used_turns.includes(place) ? t("lab.used") : ""}</span>
          </li>
        ))}
      </ol>
      <dl className="facts lab-facts">
        {explanation && (
          <>
            <Fact name={t("lab.act")} value={t(explanation.query.elliptical ? "lab.actElliptical" : "lab.actPlain", { act: t(`lab.act_${explanation.query.act}`) })} />
            <Fact name={t("lab.replyLanguage")} value={t(`common.${explanation.query.language}`)} />
            <Fact name={t("lab.nearest")} value={explanation.query.best_question_cosine.toFixed(2)} />
            {explanation.query.familiar_share !== null && <Fact name={t("lab.familiar")} value={t("lab.familiarText", { share: format.percent(explanation.query.familiar_share) })} />}
            {explanation.query.known_words !== null && <Fact name={t("lab.knownWords")} value={format.percent(explanation.query.known_words)} />}
          </>
        )}
        <Fact name={t("lab.time")} value={t("lab.times", { total: milliseconds(timings.total), embed: milliseconds(timings.embed), search: milliseconds(timings.search), rank: milliseconds(timings.rank) })} />
        <Fact name={t("lab.model")} value={model.name} />
      </dl>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function Shown({ explained }: { explained: Explained }) {
  const { t, format } = useI18n();
  return (
    <section className="panel" data-testid="lab-shown">
      <h2>{t("lab.shown")}</h2>
      {explained.abstained ? (
        <p className="flush" data-testid="lab-silent" data-reason={explained.abstained.reason}>
          {t(`desk.silent_${explained.abstained.reason}`)}. <span className="quiet">{t(`desk.silent_${explained.abstained.reason}_way`)}</span>
        </p>
      ) : (
        <ol className="lab-shown">
          {explained.suggestions.map((suggestion) => (
            <li key={suggestion.id} data-testid="lab-suggestion">
              <p className="flush" lang={suggestion.language}>
                <SlotText text={suggestion.text} slots={suggestion.slots} />
              </p>
              <p className="quiet small flush">
                {format.percent(suggestion.score)} · {t(`desk.pool_${suggestion.pool}`)} · {t("desk.support", { n: suggestion.support })}
                {suggestion.flags.map((flag) => ` · ${t(`desk.flag_${flag}`)}`)}
              </p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
