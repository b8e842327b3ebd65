// The little Markdown that API descriptions use, as elements: paragraphs, lists, code, emphasis, headings, fences, and links on this site.

import { el } from "./dom.js";

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/;

/** One line's words with code, strong text and links. */
export function inline(text) {
  return text.split(INLINE).map((part) => {
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2) return el("code", { text: part.slice(1, -1) });
    if (part.startsWith("**") && part.endsWith("**") && part.length > 4) return el("strong", { text: part.slice(2, -2) });
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part);
    // Only links that stay here become links: the page must not lead to a foreign or script address by a description.
    if (link) return /^[/#](?!\/)/.test(link[2]) ? el("a", { href: link[2], text: link[1] }) : link[1];
    return part;
  });
}

export function markdown(source) {
  const holder = el("div", { class: "words" });
  const lines = String(source).split("\n");
  let paragraph = [];
  let list = null;
  const flush = () => {
    if (paragraph.length > 0) holder.append(el("p", {}, inline(paragraph.join(" "))));
    paragraph = [];
    list = null;
  };
  for (let position = 0; position < lines.length; position += 1) {
    const line = lines[position];
    if (/^\s*```/.test(line)) {
      flush();
      const code = [];
      for (position += 1; position < lines.length && !/^\s*```/.test(lines[position]); position += 1) code.push(lines[position]);
      holder.append(el("pre", { tabindex: "0" }, el("code", { text: code.join("\n") })));
      continue;
    }
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^\s*(?:[-*]|\d+\.)\s+(.*)$/.exec(line);
    if (heading) {
      flush();
      holder.append(el("p", {}, el("strong", {}, inline(heading[2]))));
    } else if (item) {
      if (!list) {
        flush();
        list = el("ul");
        holder.append(list);
      }
      list.append(el("li", {}, inline(item[1])));
    } else if (line.trim() === "") {
      flush();
    } else if (list && /^\s+/.test(line)) {
      list.lastElementChild.append(" ", ...inline(line.trim()));
    } else {
      if (list) flush();
      paragraph.push(line.trim());
    }
  }
  flush();
  return holder;
}
