// Every candidate in its order: score, what it is made of, and why it stands above the next one.

import { Table } from "antd";
import { useI18n } from "../../i18n";
import type { Candidate, Explained, Feature } from "./explain";
import { droppedWords, featureName } from "./features";

const PAGE = 10;
/** Of a difference the largest parts say enough. */
const REASONS = 3;

export function Candidates({ explained }: { explained: Explained }) {
  const { t, format } = useI18n();
  const { candidates } = explained;
  if (candidates.length === 0) return null;
  return (
    <section className="panel" data-testid="lab-candidates">
      <h2>{t("lab.candidates")}</h2>
      <p className="quiet">{t("lab.candidatesText", { n: candidates.length, threshold: format.percent(explained.threshold) })}</p>
      <Table<Candidate>
        aria-label={t("lab.candidates")}
        size="small"
        rowKey="id"
        dataSource={candidates}
        pagination={candidates.length > PAGE ? { pageSize: PAGE, showSizeChanger: false, size: "small" } : false}
        rowClassName={(candidate) => (candidate.dropped === null ? "" : "lab-dropped")}
        expandable={{
          expandedRowRender: (candidate) => <Why candidate={candidate} next={candidates[candidates.indexOf(candidate) + 1]} />,
          defaultExpandedRowKeys: candidates[0] ? [candidates[0].id] : [],
        }}
        scroll={{ x: 640 }}
        columns={[
          { key: "place", title: t("lab.place"), width: 52, render: (_value, candidate) => candidates.indexOf(candidate) + 1 },
          {
            key: "text",
            title: t("lab.answer"),
            render: (_value, candidate) => (
              <>
                <div className="lab-clamp">{candidate.text}</div>
                <div className="quiet small lab-clamp">{t("lab.askedAs", { question: candidate.question })}</div>
              </>
            ),
          },
          { key: "pool", title: t("lab.pool"), width: 92, render: (_value, candidate) => t(`desk.pool_${candidate.pool}`) },
          { key: "group", title: t("lab.group"), width: 68, align: "right", render: (_value, candidate) => candidate.group },
          { key: "score", title: t("lab.score"), width: 84, align: "right", render: (_value, candidate) => <span className="figure">{candidate.score.toFixed(2)}</span> },
          { key: "probability", title: t("lab.probability"), width: 96, align: "right", render: (_value, candidate) => format.percent(candidate.probability) },
          {
            key: "fate",
            title: t("lab.fate"),
            width: 150,
            render: (_value, candidate) => <span data-dropped={candidate.dropped ?? "no"}>{candidate.dropped === null ? t("lab.kept") : droppedWords(candidate.dropped, t)}</span>,
          },
        ]}
      />
    </section>
  );
}

function Why({ candidate, next }: { candidate: Candidate; next: Candidate | undefined }) {
  const { t } = useI18n();
  const features = candidate.features.filter((feature) => feature.contribution !== 0).sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const largest = Math.max(...features.map((feature) => Math.abs(feature.contribution)), Number.EPSILON);
  return (
    <div className="lab-why" data-testid="lab-why">
      {next && (
        <p>
          {t("lab.aboveNext", {
            reasons: differences(candidate.features, next.features)
              .map(({ name, by }) => `${featureName(name, t)} ${signed(by)}`)
              .join(t("lab.and")),
          })}
        </p>
      )}
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
          {features.map((feature) => (
            <tr key={feature.name}>
              <th scope="row" title={feature.name}>
                {featureName(feature.name, t)}
              </th>
              <td className="figure">{feature.value.toFixed(3)}</td>
              <td className="figure">{signed(feature.contribution)}</td>
              <td aria-hidden="true">
                <span className={`lab-bar ${feature.contribution < 0 ? "lab-bar-minus" : "lab-bar-plus"}`}>
                  <span style={{ width: `${(Math.abs(feature.contribution) / largest) * 50}%` }} />
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

/** In which features one is ahead of the other, by most first. */
export function differences(features: Feature[], others: Feature[]): { name: string; by: number }[] {
  const of = (list: Feature[], name: string) => list.find((feature) => feature.name === name)?.contribution ?? 0;
  const names = [...new Set([...features, ...others].map((feature) => feature.name))];
  return names
    .map((name) => ({ name, by: of(features, name) - of(others, name) }))
    .filter(({ by }) => Math.abs(by) >= 0.005)
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .slice(0, REASONS);
}
