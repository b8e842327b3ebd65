// Small choices of one person in one browser: columns, rows a page. Kept under the account's name, because people share machines.

import { useState } from "react";
import { useMe } from "../api/session";

const read = (name: string): unknown => {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    // Written by something else: as good as nothing.
    return null;
  }
};

/** State that outlives the visit. `check` tells whether what was kept can still be used. */
export function useKept<T>(name: string, initial: T, check: (value: unknown) => value is T): [T, (value: T) => void] {
  const me = useMe();
  const keptAs = `riposte.${me.name}.${name}`;
  const [value, setValue] = useState<T>(() => {
    const kept = read(keptAs);
    return check(kept) ? kept : initial;
  });
  return [
    value,
    (next) => {
      setValue(next);
      localStorage.setItem(keptAs, JSON.stringify(next));
    },
  ];
}
