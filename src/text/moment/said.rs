//! What one message says for itself: without quoted words, markers of media, and greetings or thanks around the matter.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::acts::{CustomerAct, customer_act};

#[expect(clippy::expect_used, reason = "the patterns are constants of this module and every one is exercised by the tests")]
pub(super) fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

/// A message parted into what it quotes and what it adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said<'a> {
    /// The quoted words, without the name of who said them.
    pub(super) quote: Option<&'a str>,
    /// The message's own words.
    pub(super) own: &'a str,
}

/// Chat clients: the quoted message in brackets, a row of dashes, the reply.
static QUOTE_IN_BRACKETS: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?s)^\s*[「『“"](?P<quote>.+?)[」』”"]\s*(?:[-—–－=]\s*){4,}(?P<own>.*)$"#));

/// "引用「…」：" and "Replying to “…”:".
static QUOTE_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?is)^\s*(?:引用|回复|回覆|replying to|in reply to)\s*(?:[^「『“"\n]{0,20}[:：]?\s*)[「『“"](?P<quote>[^」』”"]+)[」』”"]\s*[:：]?\s*(?P<own>.*)$"#,
    )
});

/// Letters: lines led by `>`, before or behind the reply.
static QUOTE_BY_LINES: LazyLock<Regex> = LazyLock::new(|| regex(r"(?s)^\s*(?P<quote>(?:>[^\n]*(?:\n|$))+)(?P<own>.*)$"));

/// Letters: everything behind the heading of an earlier one.
static QUOTE_BELOW: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?ism)^\s*(?:-{2,}\s*(?:original message|forwarded message|原始邮件|原邮件|转发的?邮件)\b?|on [^\n]{5,100}\bwrote:\s*$|在?[^\n]{5,60}写道[:：]\s*$|>[^\n]*$)",
    )
});

/// The name before quoted words.
static SPEAKER: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^:：\n]{1,24}[:：]\s*"));

/// Parts a message; without a quote all of it is its own.
pub(super) fn said(text: &str) -> Said<'_> {
    for (pattern, named) in [(&QUOTE_IN_BRACKETS, true), (&QUOTE_NAMED, true), (&QUOTE_BY_LINES, false)] {
        let Some(found) = pattern.captures(text) else { continue };
        let (Some(quote), Some(own)) = (found.name("quote"), found.name("own")) else { continue };
        if own.as_str().chars().any(char::is_alphanumeric) {
            let quote = quote.as_str().trim().trim_start_matches(['>', ' ']);
            let quote = if named { SPEAKER.find(quote).map_or(quote, |name| &quote[name.end()..]) } else { quote };
            return Said { quote: Some(quote), own: own.as_str().trim() };
        }
    }
    if let Some(heading) = QUOTE_BELOW.find(text) {
        let own = text[..heading.start()].trim();
        if own.chars().any(char::is_alphanumeric) {
            // A letter's own words say what it is about; what it answers to is left out, not taken as what was said just before.
            return Said { quote: None, own };
        }
    }
    Said { quote: None, own: text.trim() }
}

static MEDIA: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)[\[【](?:image|photo|picture|pic|screenshot|file|voice|audio|video|sticker|emoji|gif|link|location|other|图片|圖片|照片|截图|截圖|文件|附件|语音|語音|视频|視頻|小视频|表情|动画表情|链接|鏈接|位置)[\]】]",
    )
});

/// What chat software writes for a customer who points at an order or an article, "订单号：… 订单金额：… 下单时间：…": labels of orders with
/// placeholders, figures, dates, codes or addresses behind them. The customer's matter is what stands beside it.
static CARD: LazyLock<Regex> = LazyLock::new(|| {
    const LABEL: &str = r"(?:咨询|我的)?(?:(?:订单|訂單|商品|货品|下单|支付|付款|实付|物流|快递|运单|售后单)(?:总?金额|金額|时间|時間|日期|编号|編號|单号|單號|号码|号|號|状态|总?价|数量|ID)|(?:order|item|product|sku|tracking|payment) (?:no\.?|number|id|total|amount|date|time|status))";
    const VALUE: &str = r"(?:\[[^\[\]\n]{1,16}\]|https?://\S+|(?:CNY|USD|[￥¥$€£])?\s?[A-Z]{0,4}\d[A-Z\d.:/-]*元?)(?:\s*\[[^\[\]\n]{1,16}\]|[ ]\d[\d:.-]+)*";
    regex(&format!(r"(?i)[\[【]?(?:{LABEL}\s?[:：]\s*{VALUE}[\s,，;；、|\]】]*)+"))
});

/// Openings that run into the matter without a stop.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)^(?:(?:您好|你好|哈喽|哈啰|在吗|在么|在嘛|请问|請問|问一下|问下|麻烦问一下|麻烦问下|打扰一下|打扰了
        |我?(?:想|要)?(?:请教|咨询|諮詢)(?:一下|下)|我?想问(?:一下|下|问)?|我想請問)(?:[\s,，.。!！~～、:：]|啊|呀|哦|亲)*
        |(?:亲爱的|亲亲?|老师|客服|小姐姐|小哥哥|老板|掌柜)[\s,，.。!！~～、:：]+
        |(?:hello|hi|hey|hiya|good\ (?:morning|afternoon|evening)|excuse\ me|dear\ (?:sir|madam|team))(?:\ (?:there|all|everyone|team|sir|madam))?[\s,，.。!！~～、:：-]+)+",
    )
});

/// Thanks that run on from the matter.
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)(?:[\s,，.。!！~～]*(?:谢谢|謝謝)(?:您|你|啦|了|亲|哈|哦)*|[\s,，.。!！?？~～]+(?:多谢|感谢|麻烦(?:您|你)?了|辛苦了
        |thanks(?:\ (?:a\ lot|so\ much|in\ advance|again))?|thank\ you(?:\ (?:so\ much|very\ much|in\ advance|again))?|thx|ty|tia))[\s!！。.~～]*$",
    )
});

/// The words of a message that carry its matter: no quote, no markers of media, no order cards, no greeting or "ok" in front, no thanks behind.
/// Empty where there is nothing but markers and cards; a message that is small talk all through stays as it is.
pub(super) fn matter(text: &str) -> String {
    let own = said(text).own;
    let words = MEDIA.replace_all(own, " ");
    let words = CARD.replace_all(&words, " ");
    let words = words.trim();
    if !words.chars().any(char::is_alphanumeric) && words.len() < own.len() {
        return String::new();
    }
    let mut rest = words;
    loop {
        let before = rest;
        if let Some(opening) = OPENING.find(rest) {
            rest = or(&rest[opening.end()..], rest);
        }
        if let Some(stop) = first_stop(rest)
            && is_idle(&rest[..stop])
        {
            rest = or(&rest[stop..], rest);
        }
        if let Some(closing) = CLOSING.find(rest) {
            // A question mark belongs to the matter.
            let thanks = closing.as_str().trim_start_matches(['?', '？']);
            rest = or(&rest[..closing.end() - thanks.len()], rest);
        }
        if rest == before {
            return rest.trim().to_owned();
        }
    }
}

/// `part`, when something is left in it; else `whole`.
fn or<'a>(part: &'a str, whole: &'a str) -> &'a str {
    let part = part.trim_start_matches([' ', '\n', ',', '，', '.', '。', '!', '！', '~', '～', '、', '…', ';', '；']).trim_end();
    if part.chars().filter(|c| c.is_alphanumeric()).count() >= 2 { part } else { whole }
}

/// Where the first part of a message ends: at a stop, or at a blank between Chinese words.
fn first_stop(text: &str) -> Option<usize> {
    let mut before = None;
    for (place, c) in text.char_indices() {
        let stops = matches!(c, ',' | '，' | '。' | '!' | '！' | '~' | '～' | '\n' | '…' | ';' | '；')
            || (c == '.' && text[place + 1..].starts_with([' ', '\n']))
            || (c == ' ' && before.is_some_and(crate::text::language::is_chinese));
        if stops {
            return Some(place);
        }
        before = Some(c);
    }
    None
}

/// Whether the words only greet, thank or acknowledge. "Yes" and "no" do more than that: they answer.
fn is_idle(text: &str) -> bool {
    const ANSWERS: [&str; 13] = ["在的", "是", "对", "不", "没", "有", "yes", "yep", "yeah", "yup", "no", "nope", "可以"];
    let lower = text.trim().to_lowercase();
    if ANSWERS.iter().any(|answer| lower.starts_with(answer)) {
        return false;
    }
    matches!(customer_act(text), CustomerAct::Greeting | CustomerAct::Thanks | CustomerAct::Acknowledgement)
}
