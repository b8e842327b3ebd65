// A sentence of the service about a row of a file: in the page's language where that is known, else in English and marked as such.

import { useI18n } from "../i18n";

export function ServiceWords({ said }: { said: string }) {
  const translation = useI18n().fault(said);
  return translation === null ? <span lang="en">{said}</span> : <span>{translation}</span>;
}
