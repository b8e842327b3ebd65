// One operation: a line that opens into what it takes, what it answers, and a command to try.

import { CopyButton } from "../../components";
import { useI18n } from "../../i18n";
import { answerExample, curl, type Route } from "./operations";
import type { Body, Schemas } from "./schema";
import { Field, SchemaTable } from "./SchemaTable";
import { Words } from "./Words";

interface Props {
  route: Route;
  schemas: Schemas;
  open: boolean;
  onToggle: (open: boolean) => void;
}

export function OperationView({ route, schemas, open, onToggle }: Props) {
  return (
    <article className="operation" id={route.operationId} data-testid="operation" data-operation={route.operationId}>
      <h3>
        <button type="button" aria-expanded={open} onClick={() => onToggle(!open)}>
          <span className="method" data-method={route.method}>
            {route.method.toUpperCase()}
          </span>
          <span className="operation-path">{route.path}</span>
          <span className="operation-summary" lang="en">
            {route.summary}
          </span>
        </button>
      </h3>
      {open && <Opened route={route} schemas={schemas} />}
    </article>
  );
}

function Opened({ route, schemas }: { route: Route; schemas: Schemas }) {
  const { t } = useI18n();
  const answers = Object.entries(route.responses ?? {}).map(([status, response]): [string, Body] => [status, schemas.resolve(response)]);
  const good = answers.filter(([status]) => /^[123]/.test(status));
  const bad = answers.filter(([status]) => /^[45]/.test(status));
  const example = answerExample(route, schemas);
  return (
    <div className="operation-body" data-testid="operation-body">
      <div className="operation-words">
        {route.description !== undefined && (
          <Words text={route.description} headingFrom={4} />
        )}
        {(route.parameters ?? []).length > 0 && (
          <>
            <h4>{t("apidocs.parameters")}</h4>
            <ul className="fields">
              {route.parameters?.map((parameter) => (
                <Field
                  key={`${parameter.in}-${parameter.name}`}
                  name={parameter.name}
                  schema={parameter.schema ?? {}}
                  schemas={schemas}
                  required={parameter.required === true}
                  place={t(`apidocs.in_${parameter.in}`)}
                  description={parameter.description}
                />
              ))}
            </ul>
          </>
        )}
        {route.requestBody && (
          <>
            <h4>{t("apidocs.body")}</h4>
            <Contents body={route.requestBody} schemas={schemas} />
          </>
        )}
        <h4>{t("apidocs.responses")}</h4>
        {good.map(([status, response]) => (
          <div key={status}>
            <p className="field-head">
              <strong className="status">{status}</strong> <span lang="en">{response.description}</span>
            </p>
            {response.content ? <Contents body={{ content: response.content }} schemas={schemas} /> : <p className="quiet small">{t("apidocs.noBody")}</p>}
          </div>
        ))}
        {bad.length > 0 && (
          <>
            <h4>{t("apidocs.errors")}</h4>
            <dl className="error-list" lang="en">
              {bad.map(([status, response]) => (
                <div key={status}>
                  <dt>{status}</dt>
                  <dd>
                    <Words text={response.description ?? ""} />
                  </dd>
                </div>
              ))}
            </dl>
          </>
        )}
      </div>
      <div className="operation-code">
        <Code title={t("apidocs.example")} text={curl(route, schemas, window.location.origin)} copyable />
        {example && <Code title={t("apidocs.exampleAnswer", { status: example.status })} text={example.text} />}
      </div>
    </div>
  );
}

function Contents({ body, schemas }: { body: Body; schemas: Schemas }) {
  return (
    <>
      {body.description !== undefined && (
        <Words text={body.description} />
      )}
      {Object.entries(body.content ?? {}).map(([type, media]) => (
        <div key={type}>
          <p className="quiet small flush">
            <code>{type}</code>
          </p>
          {media.schema && <SchemaTable schemas={schemas} schema={media.schema} />}
        </div>
      ))}
    </>
  );
}

function Code({ title, text, copyable = false }: { title: string; text: string; copyable?: boolean }) {
  return (
    <section className="code-block" aria-label={title}>
      <p className="code-head">
        <span className="quiet small">{title}</span>
        {copyable && <CopyButton text={text} testId="copy-curl" />}
      </p>
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </section>
  );
}
