// Nothing here yet: says why, and what to do next.

import type { ReactNode } from "react";

interface Props {
  title: string;
  text: string;
  icon?: ReactNode;
  /** The next step: a link or a button. */
  children?: ReactNode;
  testId?: string;
}

export function EmptyState({ title, text, icon, children, testId = "empty" }: Props) {
  return (
    <div className="empty-state" data-testid={testId}>
      {icon && (
        <div className="empty-icon" aria-hidden="true">
          {icon}
        </div>
      )}
      <h2>{title}</h2>
      <p>{text}</p>
      {children && <div className="empty-way">{children}</div>}
    </div>
  );
}
