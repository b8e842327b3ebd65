// Somebody else was faster: nothing was overwritten, and the way on is to look again.

import { Alert, Button } from "antd";
import { asApiError } from "../api/problem";
import { useI18n } from "../i18n";
import { ErrorNotice } from "./ErrorNotice";

interface Props {
  error: unknown;
  onLookAgain: () => void;
}

/** Any failure of a change; a lost race as an invitation to look again. */
export function ChangeProblem({ error, onLookAgain }: Props) {
  const { t } = useI18n();
  if (asApiError(error).code !== "version_mismatch") return <ErrorNotice error={error} />;
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      data-testid="overtaken"
      title={t("editing.overtaken")}
      description={t("editing.overtakenText")}
      action={
        <Button size="small" onClick={onLookAgain} data-testid="look-again">
          {t("editing.lookAgain")}
        </Button>
      }
    />
  );
}
