// The columns of a table, each with its first cells and what it holds. What is recognised stands there already; a person changes what is
// wrong. Clearing a choice gives the column back to the service's own guess.

import { Alert, Input, Select, Tag } from "antd";
import { useMemo } from "react";
import { useI18n } from "../../i18n";
import { FIELDS, missing, resolve, ROLES, type Field, type Mapping } from "./mapping";
import type { Format, Preview } from "./preview";

interface Props {
  preview: Preview;
  format: Format;
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}

const EXAMPLES = 3;
const MOST_SPEAKERS = 12;
const ENCODINGS = ["utf-8", "gb18030", "utf-16le", "utf-16be", "big5"];

/** Where each field stands now, turned round: the field of every column. */
function fieldsByColumn(found: Partial<Record<Field, number>>): Map<number, Field> {
  return new Map(FIELDS.flatMap((field) => (found[field] === undefined ? [] : [[found[field], field] as const])));
}

/** The column `place` now holds `field`; whatever else was said of either is forgotten. */
function assign(mapping: Mapping, headings: string[], place: number, field: Field | null): Mapping {
  const heading = headings[place] ?? "";
  const columns = Object.fromEntries(Object.entries(mapping.columns).filter(([name, given]) => name !== field && given !== heading)) as Mapping["columns"];
  if (field !== null) columns[field] = heading;
  return { ...mapping, columns };
}

export function MappingTable({ preview, format, mapping, onChange }: Props) {
  const { t, format: formats } = useI18n();
  const { headings, rows } = preview;
  const found = useMemo(() => resolve(mapping.columns, headings), [mapping.columns, headings]);
  const byColumn = fieldsByColumn(found);
  const absent = missing(found);
  const options = FIELDS.map((field) => ({ value: field, label: t(`imports.field_${field}`) }));
  return (
    <section className="mapping" data-testid="mapping">
      <h3>{t("imports.mapping")}</h3>
      <p className="quiet">{t("imports.mappingText", { n: preview.headingsAt })}</p>
      <div className="mapping-scroll" tabIndex={0} role="region" aria-label={t("imports.mapping")}>
        <table className="mapping-table">
          <thead>
            <tr>
              <th scope="col">{t("imports.column")}</th>
              <th scope="col">{t("imports.examples")}</th>
              <th scope="col">{t("imports.holds")}</th>
            </tr>
          </thead>
          <tbody>
            {headings.map((heading, place) => {
              const field = byColumn.get(place);
              const said = field !== undefined && mapping.columns[field] === heading;
              return (
                <tr key={`${place}-${heading}`} data-testid="mapping-row">
                  <th scope="row">{heading || <span className="quiet">–</span>}</th>
                  <td className="mapping-examples">
                    {rows.slice(0, EXAMPLES).map((row, line) => (
                      <span key={line}>{row[place] ?? ""}</span>
                    ))}
                  </td>
                  <td>
                    <span className="row nowrap">
                      <Select<Field>
                        className="mapping-field"
                        aria-label={`${t("imports.holds")}: ${heading}`}
                        value={field ?? null}
                        placeholder={t("imports.unused")}
                        options={options}
                        allowClear={said}
                        disabled={heading.trim() === ""}
                        showSearch={{ optionFilterProp: "label" }}
                        popupMatchSelectWidth={false}
                        onChange={(value: Field | undefined) => onChange(assign(mapping, headings, place, value ?? null))}
                        data-testid="mapping-field"
                      />
                      {field !== undefined && <Tag color={said ? "processing" : undefined}>{said ? t("imports.chosen") : t("imports.recognised")}</Tag>}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {absent.length > 0 && (
        <Alert type="warning" showIcon title={t("imports.mappingMissing", { fields: formats.list(absent.map((field) => t(`imports.field_${field}`))) })} data-testid="mapping-missing" />
      )}
      <Speakers rows={rows} place={found.role} mapping={mapping} onChange={onChange} />
      <Options preview={preview} format={format} mapping={mapping} onChange={onChange} />
    </section>
  );
}

/** The values in the column of the role, for sources that write codes. */
function Speakers({ rows, place, mapping, onChange }: { rows: string[][]; place: number | undefined; mapping: Mapping; onChange: Props["onChange"] }) {
  const { t } = useI18n();
  if (place === undefined) return null;
  const values = [...new Set(rows.map((row) => (row[place] ?? "").trim()).filter((value) => value !== ""))].slice(0, MOST_SPEAKERS);
  if (values.length === 0) return null;
  return (
    <div className="speakers" role="group" aria-label={t("imports.speakers")}>
      <h4>{t("imports.speakers")}</h4>
      <p className="quiet">{t("imports.speakersText")}</p>
      <div className="speaker-list">
        {values.map((value) => (
          <label key={value} className="speaker">
            <code>{value}</code>
            <Select
              aria-label={`${t("imports.speakers")}: ${value}`}
              value={mapping.roles[value] ?? null}
              placeholder={t("imports.automatic")}
              allowClear
              popupMatchSelectWidth={false}
              options={ROLES.map((role) => ({ value: role, label: t(`imports.speaker_${role}`) }))}
              onChange={(role: Mapping["roles"][string] | undefined) => {
                const others = Object.fromEntries(Object.entries(mapping.roles).filter(([name]) => name !== value));
                onChange({ ...mapping, roles: role === undefined ? others : { ...others, [value]: role } });
              }}
            />
          </label>
        ))}
      </div>
    </div>
  );
}

function Options({ preview, format, mapping, onChange }: Props) {
  const { t } = useI18n();
  const set = (name: "timezone" | "encoding" | "delimiter" | "sheet", value: string | undefined) => onChange({ ...mapping, [name]: value === "" ? undefined : value });
  return (
    <div className="speakers" role="group" aria-label={t("imports.options")}>
      <h4>{t("imports.options")}</h4>
      <div className="speaker-list">
        <label className="speaker">
          <span>{t("imports.timezone")}</span>
          <Input className="option" value={mapping.timezone ?? ""} placeholder={t("imports.timezoneDefault")} onChange={(event) => set("timezone", event.target.value.trim())} />
        </label>
        {format === "csv" && (
          <>
            <label className="speaker">
              <span>{t("imports.encoding")}</span>
              <Select
                className="option"
                aria-label={t("imports.encoding")}
                value={mapping.encoding ?? null}
                placeholder={t("imports.guessed")}
                allowClear
                options={ENCODINGS.map((value) => ({ value, label: value.toUpperCase() }))}
                onChange={(value: string | undefined) => set("encoding", value)}
              />
            </label>
            <label className="speaker">
              <span>{t("imports.delimiter")}</span>
              <Select
                className="option"
                aria-label={t("imports.delimiter")}
                value={mapping.delimiter ?? null}
                placeholder={t("imports.guessed")}
                allowClear
                options={[...[",", ";", "|"].map((value) => ({ value, label: value })), { value: "tab", label: t("imports.tab") }]}
                onChange={(value: string | undefined) => set("delimiter", value)}
              />
            </label>
          </>
        )}
        {format === "xlsx" && preview.sheets.length > 1 && (
          <label className="speaker">
            <span>{t("imports.sheet")}</span>
            <Select
              className="option"
              aria-label={t("imports.sheet")}
              value={mapping.sheet ?? null}
              placeholder={t("imports.sheetFirst")}
              allowClear
              popupMatchSelectWidth={false}
              options={preview.sheets.map((value) => ({ value, label: value }))}
              onChange={(value: string | undefined) => set("sheet", value)}
            />
          </label>
        )}
      </div>
    </div>
  );
}
