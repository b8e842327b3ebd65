// Elements without markup: whatever a customer or an archive says stays text.

type Child = Node | string | null;

interface Attributes {
  class?: string;
  testid?: string;
  onclick?: () => void;
  [name: string]: string | number | boolean | (() => void) | undefined;
}

export function el<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (key === "testid") element.dataset.testid = String(value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
