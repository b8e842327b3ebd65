//! HTML to text in one pass, without a tree: chat desks export fragments, not documents.
//!
//! Only tags of a known name are removed, so `a < b` and `<订单号>` stay. What an entity or a removed tag leaves behind is
//! looked at again on the spot, so nested escapes end in the same text as plain ones.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Content of these is never text for a reader.
static HIDDEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)<!--.*?-->|<style\b[^>]*>.*?</style\s*>|<script\b[^>]*>.*?</script\s*>|<head\b[^>]*>.*?</head\s*>")
        .expect("a constant pattern")
});

/// Tags that end a line.
const BLOCK: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "tbody",
    "thead",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
    "section",
    "article",
    "header",
    "footer",
    "pre",
    "dl",
    "dt",
    "dd",
    "form",
];

/// Tags that only decorate.
const INLINE: &[&str] = &[
    "a", "b", "i", "u", "s", "em", "strong", "span", "font", "img", "small", "big", "sub", "sup", "code", "td", "th", "label", "button",
    "html", "body", "center", "del", "ins", "video", "audio", "source", "iframe", "input", "meta", "link", "svg", "path", "figure", "mark",
    "style", "script", "head", "title", "wbr", "nobr", "o:p", "tt", "abbr", "main", "nav", "option", "select", "textarea", "col",
    "colgroup", "object",
];

/// No tag written by a chat desk is longer than this; keeps a lone `>` from searching far back.
const LONGEST_TAG: usize = 4_000;

const LONGEST_ENTITY: usize = 10;

/// Removes tags and decodes entities; text without `<` and `&` is handed back as it is.
pub(super) fn to_text(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['<', '&']) {
        return Cow::Borrowed(raw);
    }
    let visible = HIDDEN.replace_all(raw, "");
    let mut out = String::with_capacity(visible.len());
    for c in visible.chars() {
        match c {
            ';' => {
                out.push(';');
                if let Some((start, decoded)) = trailing_entity(&out) {
                    out.truncate(start);
                    push_decoded(&mut out, decoded);
                }
            }
            '>' => push_decoded(&mut out, '>'),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn push_decoded(out: &mut String, c: char) {
    out.push(c);
    if c == '>'
        && let Some((start, breaks_line)) = trailing_tag(out)
    {
        out.truncate(start);
        if breaks_line {
            out.push('\n');
        }
    }
}

fn trailing_tag(out: &str) -> Option<(usize, bool)> {
    let mut floor = out.len().saturating_sub(LONGEST_TAG);
    while !out.is_char_boundary(floor) {
        floor += 1;
    }
    let start = floor + out[floor..].rfind('<')?;
    let inside = out[start + 1..out.len() - 1].trim_start_matches(['/', '!', '?']);
    let name_end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':')).unwrap_or(inside.len());
    let name = inside[..name_end].to_ascii_lowercase();
    let rest = &inside[name_end..];
    if !(rest.is_empty() || rest.starts_with([' ', '/', '\t', '\n', '\r'])) {
        return None;
    }
    if BLOCK.contains(&name.as_str()) {
        Some((start, true))
    } else if INLINE.contains(&name.as_str()) || name == "doctype" {
        Some((start, false))
    } else {
        None
    }
}

fn trailing_entity(out: &str) -> Option<(usize, char)> {
    let body_end = out.len() - 1;
    let mut floor = body_end.saturating_sub(LONGEST_ENTITY);
    while !out.is_char_boundary(floor) {
        floor += 1;
    }
    let start = floor + out[floor..body_end].rfind('&')?;
    let body = &out[start + 1..body_end];
    let decoded = if let Some(number) = body.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        char::from_u32(code).filter(|c| *c != '\0')?
    } else {
        named(body)?
    };
    Some((start, decoded))
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "hellip" => '…',
        "mdash" => '—',
        "ndash" => '–',
        "ldquo" => '“',
        "rdquo" => '”',
        "lsquo" => '‘',
        "rsquo" => '’',
        "middot" => '·',
        "bull" => '•',
        "yen" => '¥',
        "euro" => '€',
        "pound" => '£',
        "cent" => '¢',
        "copy" => '©',
        "reg" => '®',
        "trade" => '™',
        "times" => '×',
        "deg" => '°',
        "laquo" => '«',
        "raquo" => '»',
        "rarr" => '→',
        "zwnj" => '\u{200C}',
        "zwj" => '\u{200D}',
        _ => return None,
    })
}
