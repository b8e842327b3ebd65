// The page's nonce (src/http/assets.rs makes a new one for every answer): the policy takes no style made at run time without it, and no
// style attribute written as text.

/** The browser hides the attribute's text from the document and keeps the property. */
export const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce;

/**
 * Keeps Ant Design to the policy. Its components' styles carry the nonce, but two helpers (locking the page's scrolling under a dialog,
 * measuring scroll bars) make theirs without, and text areas that grow write a style attribute where a property would do.
 */
export function keepToPolicy() {
  if (!nonce) return;
  /* eslint-disable @typescript-eslint/no-deprecated -- of the overloads only the one for names of no element is deprecated */
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    if (element instanceof HTMLTextAreaElement) writeStyleAsProperty(element);
    return element;
  };
  /* eslint-enable @typescript-eslint/no-deprecated */
}

function writeStyleAsProperty(element: HTMLElement) {
  const set = element.setAttribute.bind(element);
  element.setAttribute = (name, value) => {
    if (name === "style") element.style.cssText = value;
    else set(name, value);
  };
}
