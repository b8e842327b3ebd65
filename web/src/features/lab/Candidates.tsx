// Every candidate in its order: score, what it is made of, and why it stands above the next one.

import { Table } from "antd";
import { useI18n } from "../../i18n";
import { differences, partsOf, type Candidate, type Explanation } from "./explain";
import { featureName } from "./features";

const PAGE = 10;
/** Of a difference the largest parts say enough. */
const REASONS = 3;

export function Candidates({ explanation: { candidates, threshold } }: { explanation: Explanation }) {
  const { t, format } = useI18n();
  if (candidates.length === 0) return null;
  const figure = (value: number | null) => (value === null ? "–" : value.toFixed(2));
  return (
    <section className="panel" data-testid="lab-candidates">
      <h2>{t("lab.candidates")}</h2>
      <p className="quiet">{t("lab.candidatesText", { n: candidates.length, threshold: format.percent(threshold) })}</p>
      <Table<Candidate>
        aria-label={t("lab.candidates")}
        size="small"
        rowKey="source"
        dataSource={candidates}
        pagination={candidates.length > PAGE ? { pageSize: PAGE, showSizeChanger: false, size: "small" } : false}
        rowClassName={(candidate) => (candidate.fate === "shown" ? "" : "lab-dropped")}
        expandable={{
          expandedRowRender: (candidate) => <Why candidate={candidate} next={nextOf(candidate, candidates)} />,
          rowExpandable: (candidate) => candidate.relevance !== null,
          defaultExpandedRowKeys: candidates[0] ? [candidates[0].source] : [],
        }}
        scroll={{ x: 640 }}
        columns={[
          { key: "group", title: t("lab.place"), width: 52, render: (_value, candidate) => candidate.group ?? "–" },
          {
            key: "answer",
            title: t("lab.answer"),
            render: (_value, candidate) => (
              <>
                <div className="lab-clamp">{candidate.answer}</div>
                <div className="quiet small lab-clamp">{t("lab.askedAs", { question: candidate.question })}</div>
              </>
            ),
          },
          { key: "pool", title: t("lab.pool"), width: 92, render: (_value, candidate) => t(`desk.pool_${candidate.pool}`) },
          { key: "score", title: t("lab.score"), width: 80, align: "right", render: (_value, candidate) => <span className="figure">{figure(candidate.score)}</span> },
          { key: "probability", title: t("lab.probability"), width: 80, align: "right", render: (_value, candidate) => (candidate.probability === null ? "–" : format.percent(candidate.probability)) },
          {
            key: "fate",
            title: t("lab.fate"),
            width: 150,
            render: (_value, candidate) => (
              <span data-testid="lab-fate" data-fate={candidate.fate}>
                {t(`lab.fate_${candidate.fate}`)}
              </span>
            ),
          },
        ]}
      />
    </section>
  );
}

/** The first candidate of another group behind it: within a group all say the same. */
const nextOf = (candidate: Candidate, candidates: Candidate[]) => candidates.slice(candidates.indexOf(candidate) + 1).find((other) => other.group !== null && other.group !== candidate.group);

function Why({ candidate, next }: { candidate: Candidate; next: Candidate | undefined }) {
  const { t } = useI18n();
  const parts = partsOf(candidate);
  const largest = Math.max(...parts.map((part) => Math.abs(part.contribution)), Number.EPSILON);
  const reasons = next ? differences(candidate, next).slice(0, REASONS) : [];
  return (
    <div className="lab-why" data-testid="lab-why">
      {reasons.length > 0 && <p>{t("lab.besideNext", { reasons: reasons.map(({ name, by }) => `${featureName(name, t)} ${signed(by)}`).join(t("lab.and")) })}</p>}
      <table className="lab-features">
        <thead>
          <tr>
            <th scope="col">{t("lab.feature")}</th>
            <th scope="col" className="figure">
              {t("lab.value")}
            </th>
            <th scope="col" className="figure">
              {t("lab.contribution")}
            </th>
            <td aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.name}>
              <th scope="row" title={part.name}>
                {featureName(part.name, t)}
              </th>
              <td className="figure">{part.value?.toFixed(3) ?? ""}</td>
              <td className="figure">{signed(part.contribution)}</td>
              <td aria-hidden="true">
                <span className={`lab-bar ${part.contribution < 0 ? "lab-bar-minus" : "lab-bar-plus"}`}>
                  <span style={{ width: `${(Math.abs(part.contribution) / largest) * 50}%` }} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
