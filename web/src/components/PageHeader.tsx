// The head of a page: its name, a line on what it is for, and what can be done here. Sets the window's title.

import { useEffect, type ReactNode } from "react";
import { useI18n } from "../i18n";

export function PageHeader({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  const { t } = useI18n();
  const product = t("shell.product");
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  return (
    <header className="page-header">
      <div className="page-heading">
        <h1>{title}</h1>
        {lead && <p className="page-lead">{lead}</p>}
      </div>
      {children && <div className="page-actions">{children}</div>}
    </header>
  );
}
