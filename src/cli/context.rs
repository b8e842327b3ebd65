//! Reads a live conversation from a file or standard input, in whatever plain form it comes.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::domain::Role;
use crate::ingest::role_named;
use crate::suggest::request::{LiveConversation, LiveMessage};

/// Reads `-` (standard input) or a file: JSON (`{"messages":[…]}`, or the list alone), or text with one message a line and before it who
/// speaks, by any name that imports know, with either colon: `customer: …`, `Agent: …`, `客户：…`, `客服:…` (no such word: the customer).
pub(super) fn read(source: &Path) -> anyhow::Result<LiveConversation> {
    let text = if source == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input is not UTF-8 text")?;
        text
    } else {
        fs_err::read_to_string(source)?
    };
    parse(&text)
}

fn parse(text: &str) -> anyhow::Result<LiveConversation> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if trimmed.is_empty() {
        bail!("the context is empty: give messages as JSON or as lines of text");
    }
    if trimmed.starts_with(['{', '[']) {
        return from_json(serde_json::from_str(trimmed).context("the context begins like JSON but is none")?);
    }
    let messages = trimmed.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (role, text) = match line.split_once([':', '：']).map(|(name, text)| (role_named(name), text)) {
            Some((Some(role), text)) => (role, text.trim()),
            _ => (Role::Customer, line),
        };
        LiveMessage { role, text: text.to_owned(), at: None, id: None }
    });
    Ok(LiveConversation { messages: messages.collect(), ..LiveConversation::default() })
}

fn from_json(value: Value) -> anyhow::Result<LiveConversation> {
    let conversation = match value {
        Value::Array(messages) => serde_json::json!({ "messages": messages }),
        Value::Object(mut fields) => match fields.remove("conversation") {
            Some(conversation) => conversation,
            None => Value::Object(fields),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            bail!("the context must be an object with `messages`, or a list of messages")
        }
    };
    // Archived conversations bear more fields than live ones; what asking does not need is left out, so that a line of an archive can be tried.
    let mut live = LiveConversation { id: conversation["id"].as_str().map(str::to_owned), ..LiveConversation::default() };
    for (position, message) in conversation["messages"].as_array().context("the context has no `messages`")?.iter().enumerate() {
        let role = message["role"]
            .as_str()
            .and_then(role_named)
            .with_context(|| format!("message {position}: `role` must be customer, agent, bot or system"))?;
        let text = message["text"].as_str().with_context(|| format!("message {position}: `text` is missing"))?.to_owned();
        let at = message.get("at").cloned().map(serde_json::from_value).transpose().with_context(|| format!("message {position}: `at`"))?;
        live.messages.push(LiveMessage { role, text, at, id: message["id"].as_str().map(str::to_owned) });
    }
    if let Some(customer) = conversation.get("customer") {
        live.customer = serde_json::from_value(customer.clone()).context("`customer` must hold texts only")?;
    }
    Ok(live)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_and_json_alike() {
        let lines = parse("怎么退货\nagent: 在订单里申请\ncustomer：那运费呢？").unwrap();
        let json = parse(r#"[{"role":"customer","text":"怎么退货"},{"role":"agent","text":"在订单里申请"},{"role":"customer","text":"那运费呢？","labels":["x"]}]"#).unwrap();
        assert_eq!(lines, json);
        assert_eq!(lines.messages[2].text, "那运费呢？");
    }

    #[test]
    fn who_speaks_is_told_by_the_word_in_front() {
        let text =
            "客户：订单号: 123 到哪了\n客服: 您好\nAgent： one moment\nUSER: ok\n机器人：请选择\n买家 ： 那运费呢\n注意：没有写谁说的";
        let spoken: Vec<(Role, String)> = parse(text).unwrap().messages.into_iter().map(|message| (message.role, message.text)).collect();
        let expected = [
            (Role::Customer, "订单号: 123 到哪了"),
            (Role::Agent, "您好"),
            (Role::Agent, "one moment"),
            (Role::Customer, "ok"),
            (Role::Bot, "请选择"),
            (Role::Customer, "那运费呢"),
            (Role::Customer, "注意：没有写谁说的"),
        ];
        assert_eq!(spoken, expected.map(|(role, words)| (role, words.to_owned())));
        assert_eq!(parse(r#"[{"role":"客服","text":"您好"}]"#).unwrap().messages[0].role, Role::Agent);
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, hint) in [("", "empty"), ("{", "JSON"), ("{}", "messages"), (r#"[{"role":"boss","text":"x"}]"#, "role")] {
            assert!(format!("{:#}", parse(text).unwrap_err()).contains(hint), "{text}");
        }
    }
}
