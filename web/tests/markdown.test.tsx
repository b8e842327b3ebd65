import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "../src/components/Markdown";

const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />);

test("markup in a text stays text", () => {
  const shown = html("# Hi\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> and **bold**");
  expect(shown).toContain("<h3>Hi</h3>");
  expect(shown).toContain("<strong>bold</strong>");
  expect(shown).not.toMatch(/<script|<img/);
});

test("links go where links may go, pictures are not loaded", () => {
  expect(html("[a](https://example.org)")).toContain('href="https://example.org" target="_blank" rel="noreferrer"');
  for (const address of ["javascript:alert(1)", "data:text/html,x", "//evil.example"]) expect(html(`[a](${address})`), address).not.toContain("href");
  expect(html("![cat](https://example.org/cat.png)")).not.toContain("<img");
});

test("lists, tables and code are elements", () => {
  const shown = html("1. a\n2. b\n\n| x | y |\n|---|---|\n| 1 | `c` |\n\n```\n<b>\n```");
  expect(shown).toContain("<ol start=\"1\"><li>a</li><li>b</li></ol>");
  expect(shown).toContain("<td><code>c</code></td>");
  expect(shown).toContain("<pre><code>&lt;b&gt;</code></pre>");
});
