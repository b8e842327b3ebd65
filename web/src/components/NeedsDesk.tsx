// Around pages that are about one desk: shows them once the desk is known, and says what to do when there is none.

import { Link } from "@tanstack/react-router";
import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { useDeskOrNull } from "../api/desk";
import { useDesks, useMe } from "../api/session";
import { useI18n } from "../i18n";
import { EmptyState } from "./EmptyState";
import { ErrorNotice } from "./ErrorNotice";

export function NeedsDesk({ children }: { children: ReactNode }) {
  const { t } = useI18n();
  const { may } = useMe();
  const { error, isPending, refetch } = useDesks();
  const desk = useDeskOrNull();
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (isPending) return <Skeleton active paragraph={{ rows: 8 }} />;
  if (desk !== null) return children;
  const mayImport = may("ManageImports");
  return (
    <EmptyState title={t("shell.noDesks")} text={mayImport ? t("shell.noDesksText") : t("shell.noDesksAsk")}>
      {mayImport ? <Link to="/imports">{t("shell.imports")}</Link> : <Link to="/profile">{t("shell.profile")}</Link>}
    </EmptyState>
  );
}
