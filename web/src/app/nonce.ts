// The page's nonce (src/http/assets.rs makes a new one for every answer): the policy takes no style made at run time without it.

/** The browser hides the attribute's text from the document and keeps the property. */
export const nonce = document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce;

/**
 * Gives the nonce to every style element that is made. Ant Design gives it to its components' styles, but two of its helpers (locking the
 * page's scrolling under a dialog, measuring scroll bars) make theirs without.
 */
export function giveNonceToStyles() {
  if (!nonce) return;
  /* eslint-disable @typescript-eslint/no-deprecated -- of the overloads only the one for names of no element is deprecated */
  const create = document.createElement.bind(document);
  document.createElement = (name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  /* eslint-enable @typescript-eslint/no-deprecated */
}
