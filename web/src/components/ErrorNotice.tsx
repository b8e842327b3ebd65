// A failure in plain words: what happened, what to do next, which fields, and the request's number for whoever is asked for help.

import { Alert, Button } from "antd";
import { asApiError } from "../api/problem";
import { useI18n } from "../i18n";

interface Props {
  error: unknown;
  onRetry?: () => void;
  /** Said in the form already. */
  hideFields?: boolean;
  testId?: string;
}

export function ErrorNotice({ error, onRetry, hideFields = false, testId = "problem" }: Props) {
  const { t, language } = useI18n();
  const { code, problem, fields } = asApiError(error);
  // The service explains in English; in Chinese its detail is added only where it says more than ours.
  const detail = code === "unreachable" ? "" : (problem.detail ?? "");
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      data-testid={testId}
      data-code={code}
      title={t(`problem.${code}`)}
      description={
        <>
          <p className="flush">{t(`problem.${code}_way`)}</p>
          {detail !== "" && (
            <p className="flush quiet" lang="en">
              {detail}
            </p>
          )}
          {!hideFields && fields.length > 0 && (
            <ul className="fault-fields">
              {fields.map((field) => (
                <li key={field.name + field.detail}>
                  {field.name !== "" && <code>{field.name}</code>} <span lang={language === "en" ? undefined : "en"}>{field.detail}</span>
                </li>
              ))}
            </ul>
          )}
          {problem.request_id && <p className="flush quiet small">{t("common.request", { id: problem.request_id })}</p>}
          {onRetry && (
            <Button size="small" className="above" onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )}
        </>
      }
    />
  );
}
