// The fields of a schema as an indented list.

import type { ReactNode } from "react";
import { useI18n } from "../../i18n";
import { DEEPEST, limitsOf, valuesOf, type Schema, type Schemas } from "./schema";
import { Words } from "./Words";

interface Props {
  schemas: Schemas;
  schema: Schema;
  depth?: number;
  /** Names that this schema lies in; one of them again ends the descent. */
  inside?: string[];
}

export function SchemaTable({ schemas, schema, depth = 0, inside = [] }: Props) {
  const { t } = useI18n();
  const flat = schemas.flat(schema);
  if (flat.type === "array") {
    return (
      <>
        {depth === 0 && <code>{schemas.typeName(schema)}</code>}
        <SchemaTable schemas={schemas} schema={flat.items ?? {}} depth={depth + 1} inside={inside} />
      </>
    );
  }
  if (flat.name !== undefined && inside.includes(flat.name)) return <p className="quiet small flush">{t("apidocs.recursive", { name: flat.name })}</p>;
  if (depth > DEEPEST) return null;
  const within = flat.name === undefined ? inside : [...inside, flat.name];
  const options = schemas.values(schema) ? undefined : (flat.oneOf ?? flat.anyOf);
  if (options) {
    return (
      <ul className="fields">
        {options.map((option, place) => (
          <li key={place}>
            <p className="field-head">
              <span className="quiet small">{t("apidocs.oneOf")}</span> <code>{schemas.typeName(option)}</code>
            </p>
            <SchemaTable schemas={schemas} schema={option} depth={depth + 1} inside={within} />
          </li>
        ))}
      </ul>
    );
  }
  const fields = Object.entries(flat.properties ?? {});
  const values = valuesOf(flat);
  if (fields.length === 0) {
    if (values) return <SchemaTable schemas={schemas} schema={values} depth={depth + 1} inside={within} />;
    return depth === 0 ? (
      <p className="flush">
        <code>{schemas.typeName(schema)}</code> <Limits schemas={schemas} schema={schema} />
      </p>
    ) : null;
  }
  return (
    <ul className="fields">
      {fields.map(([name, child]) => (
        <Field key={name} name={name} schema={child} schemas={schemas} required={flat.required?.includes(name) === true}>
          <SchemaTable schemas={schemas} schema={child} depth={depth + 1} inside={within} />
        </Field>
      ))}
    </ul>
  );
}

interface FieldProps {
  name: string;
  schema: Schema;
  schemas: Schemas;
  required: boolean;
  /** Beside the type: where a parameter goes. */
  place?: string;
  description?: string | undefined;
  children?: ReactNode;
}

export function Field({ name, schema, schemas, required, place, description, children }: FieldProps) {
  const { t } = useI18n();
  const flat = schemas.flat(schema);
  const said = description ?? flat.description;
  return (
    <li>
      <p className="field-head">
        <strong>
          <code>{name}</code>
        </strong>
        <span className="quiet">{schemas.typeName(schema)}</span>
        {place !== undefined && <span className="quiet small">{place}</span>}
        {required && <span className="field-required small">{t("apidocs.required")}</span>}
        {flat.nullable && <span className="quiet small">{t("apidocs.nullable")}</span>}
      </p>
      {said !== undefined && (
        <Words text={said} />
      )}
      <Limits schemas={schemas} schema={schema} />
      {children}
    </li>
  );
}

function Limits({ schemas, schema }: { schemas: Schemas; schema: Schema }) {
  const { t } = useI18n();
  const values = schemas.values(schema);
  const limits = limitsOf(schemas.flat(schema), t("apidocs.default"));
  if (!values && limits.length === 0) return null;
  return (
    <p className="limits small">
      {values?.map((value) => {
        const text = typeof value === "string" ? value : JSON.stringify(value);
        return <code key={text}>{text}</code>;
      })}
      {limits.length > 0 && <span className="quiet">{limits.join(" · ")}</span>}
    </p>
  );
}
