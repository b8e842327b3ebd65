// Two runs, figure by figure.

import { Segmented, Tag } from "antd";
import { useState } from "react";
import { useI18n } from "../../i18n";
import { centre, verdict, written, type FigureInfo, type Run } from "./runs";

const COLOURS = { better: "success", worse: "error", same: undefined } as const;

interface Props {
  before: Run;
  now: Run;
  figures: FigureInfo[];
  systems: string[];
}

export function Comparison({ before, now, figures, systems }: Props) {
  const { t, format } = useI18n();
  const [system, setSystem] = useState(systems[0] ?? "");
  const [earlier, later] = [before.systems[system] ?? {}, now.systems[system] ?? {}];
  const rows = figures.filter(({ name }) => name in earlier || name in later);
  return (
    <section className="chart" data-testid="comparison">
      <header className="evaluations-head">
        <h3>{t("evaluations.comparison")}</h3>
        <Segmented size="small" aria-label={t("evaluations.system")} value={system} onChange={setSystem} options={systems} />
      </header>
      {before.n !== now.n && <p className="quiet flush">{t("evaluations.otherCount", { before: before.n, now: now.n })}</p>}
      <div className="chart-table evaluations-table" tabIndex={0} role="region" aria-label={t("evaluations.comparison")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("evaluations.figure")}</th>
              <th scope="col" title={format.exact(before.at)}>{t("evaluations.before")}</th>
              <th scope="col" title={format.exact(now.at)}>{t("evaluations.now")}</th>
              <th scope="col">{t("evaluations.change")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((figure) => {
              const [was, is] = [earlier[figure.name], later[figure.name]];
              const found = verdict(was, is, figure);
              const change = was === undefined || is === undefined ? null : centre(is) - centre(was);
              return (
                <tr key={figure.name} data-verdict={found}>
                  <th scope="row">{figure.name}</th>
                  <td>{written(was, figure.digits)}</td>
                  <td>{written(is, figure.digits)}</td>
                  <td>
                    {change !== null && (
                      <Tag color={COLOURS[found]} title={t(`evaluations.verdict_${found}`)}>
                        {`${change > 0 ? "+" : change < 0 ? "−" : "±"}${Math.abs(change).toFixed(figure.digits)}`}
                      </Tag>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
