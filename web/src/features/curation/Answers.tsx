// How it was answered: the groups of like answers with what came of them, and those that contradict each other side by side.

import { StarOutlined, WarningOutlined } from "@ant-design/icons";
import { Button, Tag } from "antd";
import { EmptyState } from "../../components";
import { useI18n } from "../../i18n";
import type { Answer, Cluster } from "./api";

interface Props {
  cluster: Cluster;
  onPromote?: (pair: string) => void;
}

/** Each pair once, the earlier place first. */
export const contradictions = (answers: Answer[]): [number, number][] =>
  answers.flatMap((answer, place) => (answer.contradicts ?? []).filter((other) => other > place && answers[other] !== undefined).map((other): [number, number] => [place, other]));

export function Answers({ cluster, onPromote }: Props) {
  const { t } = useI18n();
  const { answers } = cluster;
  const pairs = contradictions(answers);
  return (
    <section aria-labelledby="answers" data-testid="answers">
      <h2 id="answers" className="section-title">
        {t("curation.answers")}
      </h2>
      {answers.length === 0 ? (
        <EmptyState title={t("curation.noAnswers")} text={t("curation.noAnswersText")} />
      ) : (
        <ol className="answer-list">
          {answers.map((answer, place) => (
            <li key={answer.pair_id} className="panel answer" data-testid="answer">
              <AnswerText answer={answer} place={place} />
              {onPromote && (
                <Button size="small" icon={<StarOutlined />} onClick={() => onPromote(answer.pair_id)} data-testid="promote-answer">
                  {t("curation.promoteThis")}
                </Button>
              )}
            </li>
          ))}
        </ol>
      )}
      {pairs.length > 0 && (
        <div className="contradictions" data-testid="contradictions">
          <h3>
            <WarningOutlined aria-hidden="true" /> {t("curation.contradicting")}
          </h3>
          <p className="quiet">{t("curation.contradictingText")}</p>
          {pairs.map(([one, other]) => (
            <div key={`${one}-${other}`} className="side-by-side">
              {[one, other].map((place) => {
                const answer = answers[place];
                return answer && <AnswerText key={place} answer={answer} place={place} />;
              })}
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

function AnswerText({ answer, place }: { answer: Answer; place: number }) {
  const { t, format } = useI18n();
  const { first_answered_at: first, last_answered_at: last, thanked = 0, repeated = 0 } = answer;
  return (
    <div className="answer-body">
      <p className="answer-words">{answer.text}</p>
      <p className="row flush small quiet">
        <span className="answer-number">{t("curation.answerNumber", { n: place + 1 })}</span>
        <span>{t("curation.support", { n: answer.support })}</span>
        {first && last && <span>{first.slice(0, 10) === last.slice(0, 10) ? format.date(last) : t("curation.between", { first: format.date(first), last: format.date(last) })}</span>}
        {thanked > 0 && <Tag color="success">{t("curation.thanked", { n: thanked })}</Tag>}
        {repeated > 0 && <Tag color="warning">{t("curation.repeated", { n: repeated })}</Tag>}
        {answer.newest && <Tag color="processing">{t("curation.newest")}</Tag>}
      </p>
    </div>
  );
}
