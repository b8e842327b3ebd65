// Where a person lands when an address or a page does not work, with a way on.

import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { Button } from "antd";
import { asApiError } from "../api";
import { EmptyState } from "../components/EmptyState";
import { ErrorNotice } from "../components/ErrorNotice";
import { useI18n } from "../i18n";

export function NotFound() {
  const { t } = useI18n();
  return (
    <EmptyState title={t("shell.notFound")} text={t("shell.notFoundText")} testId="not-found">
      <Link to="/">{t("shell.toStart")}</Link>
    </EmptyState>
  );
}

/** A chunk of an older build is gone after the program was renewed. */
const isOutdated = (error: unknown) => error instanceof Error && /dynamically imported module|module script|preload/i.test(error.message);

export function Crashed({ error }: ErrorComponentProps) {
  const { t } = useI18n();
  const router = useRouter();
  const again = () => {
    if (isOutdated(error)) window.location.reload();
    else void router.invalidate();
  };
  return (
    <div className="page" data-testid="crashed">
      <h1>{t("shell.crashed")}</h1>
      <p>{isOutdated(error) ? t("shell.outdated") : t("shell.crashedText")}</p>
      <ErrorNotice error={asApiError(error)} />
      <Button type="primary" onClick={again}>
        {t("shell.reload")}
      </Button>
    </div>
  );
}
