// Markdown as elements: the parser gives tokens, each becomes a React element. There is no way from text to markup; HTML in the text is
// shown as the text that it is. Links leave the console in a tab of their own, and only to the web or to a mail program.

import { lexer, type Token, type Tokens } from "marked";
import { createElement, Fragment, type ReactNode } from "react";

const SAFE_ADDRESS = /^(https?:|mailto:|\/(?!\/)|#)/i;

interface Props {
  text: string;
  /** Heading levels begin below those of the page around it. */
  headingFrom?: number;
  /** Whether a line's end is one for the reader, too, as in a chat; not so in texts that were wrapped by an editor. */
  breaks?: boolean;
}

export function Markdown({ text, headingFrom = 3, breaks = true }: Props) {
  return <div className="markdown">{blocks(lexer(text, { gfm: true, breaks }), headingFrom)}</div>;
}

const blocks = (tokens: Token[], from: number): ReactNode[] => tokens.map((token, place) => <Fragment key={place}>{block(token, from)}</Fragment>);

function block(token: Token, from: number): ReactNode {
  const node = token as Tokens.Generic;
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return createElement(`h${Math.min(6, from + (token as Tokens.Heading).depth - 1)}`, null, inline(node.tokens));
    case "paragraph":
      return <p>{inline(node.tokens)}</p>;
    case "code":
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocks(node.tokens ?? [], from)}</blockquote>;
    case "list": {
      const list = token as Tokens.List;
      const items = list.items.map((item, place) => <li key={place}>{blocks(item.tokens, from)}</li>);
      return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
    }
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "text":
      return node.tokens ? inline(node.tokens) : (token as Tokens.Text).text;
    default:
      return <p>{token.raw}</p>;
  }
}

function table({ header, rows }: Tokens.Table): ReactNode {
  return (
    <table>
      <thead>
        <tr>
          {header.map((cell, place) => (
            <th key={place} scope="col">
              {inline(cell.tokens)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, line) => (
          <tr key={line}>
            {row.map((cell, place) => (
              <td key={place}>{inline(cell.tokens)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const inline = (tokens: Token[] | undefined): ReactNode => (tokens ?? []).map((token, place) => <Fragment key={place}>{run(token)}</Fragment>);

function run(token: Token): ReactNode {
  const node = token as Tokens.Generic;
  switch (token.type) {
    case "strong":
      return <strong>{inline(node.tokens)}</strong>;
    case "em":
      return <em>{inline(node.tokens)}</em>;
    case "del":
      return <del>{inline(node.tokens)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link": {
      const { href, tokens } = token as Tokens.Link;
      if (!SAFE_ADDRESS.test(href)) return <>{inline(tokens)}</>;
      const outside = /^https?:/i.test(href);
      return (
        <a href={href} {...(outside ? { target: "_blank", rel: "noreferrer" } : {})}>
          {inline(tokens)}
        </a>
      );
    }
    case "image":
      // No foreign address is ever asked for: a picture is named, not loaded.
      return <span className="quiet">[{(token as Tokens.Image).text || (token as Tokens.Image).href}]</span>;
    case "escape":
    case "text":
      return node.tokens ? inline(node.tokens) : (token as Tokens.Text).text;
    default:
      return token.raw;
  }
}
