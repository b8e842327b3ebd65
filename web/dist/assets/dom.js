// Builds elements. Data reaches the page as text nodes only: nothing here parses HTML, so no answer of the server can become markup.

/**
 * Makes an element. Properties: `class`, `text`, `testid`, `on` (listeners by event), `data` (dataset), and any attribute;
 * `true` sets an empty attribute, `false`, `null` and `undefined` leave it out.
 */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "testid") node.dataset.testid = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(node, child);
    else node.append(child);
  }
}

/** Replaces what `node` holds. */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** A share of 0–1 as a bar. The figure itself must stand beside it as text. */
export function bar(share, extraClass = "") {
  const inner = el("span", { class: "bar-fill" });
  const bounded = Math.max(0, Math.min(1, Number(share) || 0));
  inner.style.width = `${(bounded * 100).toFixed(1)}%`;
  return el("span", { class: `bar ${extraClass}`.trim(), "aria-hidden": "true" }, inner);
}

/** An empty state: a heading and what to do about it. */
export function emptyState(title, ...text) {
  return el("div", { class: "empty" }, el("p", { class: "empty-title", text: title }), text.map((line) => el("p", {}, withCode(line))));
}

/** Words with `code` between backticks. */
export function withCode(words) {
  return words.split("`").map((part, position) => (position % 2 === 1 ? el("code", { text: part }) : part));
}
