// Keyboard: hints on the page, and shortcuts that keep out of the way of typing.

import { useEffect, useEffectEvent } from "react";

/** Shows keys as they are on the keyboard: `<Keys of={["Alt", "1"]} />`. */
export function Keys({ of }: { of: string[] }) {
  return (
    <span className="keys">
      {of.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

/** Whether keys belong to a field or a list. */
export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[role=combobox],[role=listbox],[role=menu]") !== null);

/** `"1"`, `"Escape"`, `"alt+1"`, `"mod+Enter"` (Ctrl, or ⌘ on a Mac). Keys without Alt or Ctrl are left alone while somebody types. */
export function useHotkeys(keys: Record<string, (event: KeyboardEvent) => void>, enabled = true) {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const prefix = `${event.ctrlKey || event.metaKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}`;
    // With Alt some layouts write another character: the digit is then known by its place.
    const name = event.altKey && event.code.startsWith("Digit") ? event.code.slice(5) : event.key;
    const action = keys[prefix + name];
    if (!action || (prefix === "" && name !== "Escape" && isTyping(event.target))) return;
    event.preventDefault();
    action(event);
  });
  useEffect(() => {
    if (!enabled) return undefined;
    const listener = (event: KeyboardEvent) => press(event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }, [enabled]);
}
