//! From what a source says about one message to a [`MessageDraft`]: roles, kinds, times, limits.
//!
//! Same rules for every format. What is wrong is said without the customer's words.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::times::{self, RawTime};
use crate::domain::{MessageDraft, MessageKind, RejectedRow, Role, Timestamp};

/// Longest text that is taken.
pub(super) const MAX_TEXT_BYTES: usize = 16 * 1024 * 1024;
/// From here on a text is worth a note.
const LARGE_TEXT_BYTES: usize = 1024 * 1024;
/// Longest id, name or reference.
pub(super) const MAX_FIELD_CHARS: usize = 1000;

const ROLE_NAMES: &[(Role, &[&str])] = &[
    (
        Role::Customer,
        &[
            "customer",
            "user",
            "client",
            "visitor",
            "guest",
            "buyer",
            "consumer",
            "contact",
            "end-user",
            "end_user",
            "enduser",
            "member",
            "访客",
            "客户",
            "用户",
            "买家",
            "会员",
            "顾客",
            "消费者",
            "粉丝",
        ],
    ),
    (
        Role::Agent,
        &[
            "agent",
            "staff",
            "service",
            "operator",
            "admin",
            "seller",
            "employee",
            "representative",
            "rep",
            "kf",
            "servicer",
            "human",
            "客服",
            "坐席",
            "座席",
            "人工",
            "人工客服",
            "人工坐席",
            "商家",
            "卖家",
            "店铺",
            "员工",
            "在线客服",
            "接待人员",
        ],
    ),
    (Role::Bot, &["bot", "robot", "assistant", "chatbot", "ai", "机器人", "智能客服", "智能机器人", "机器客服"]),
    (Role::System, &["system", "notice", "event", "sys", "系统", "系统消息", "系统通知", "通知"]),
];

const KIND_NAMES: &[(MessageKind, &[&str])] = &[
    (MessageKind::Text, &["text", "txt", "plain", "message", "文本", "文字", "文本消息"]),
    (MessageKind::Image, &["image", "img", "picture", "photo", "sticker", "emotion", "图片", "图像", "表情", "图片消息"]),
    (MessageKind::Voice, &["voice", "audio", "语音", "音频", "语音消息"]),
    (MessageKind::Video, &["video", "视频", "视频消息"]),
    (MessageKind::File, &["file", "attachment", "document", "文件", "附件", "文件消息"]),
    (MessageKind::Other, &["other", "其他", "其它"]),
];

/// What the whole file's messages are read by.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The source's own role codes.
    pub roles: BTreeMap<String, Role>,
    /// Zone of times without an offset.
    pub zone: TimeZone,
    /// The present, for absurd times.
    pub now: Timestamp,
}

/// One message as the source gives it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RawMessage {
    pub id: Option<String>,
    pub role: Option<String>,
    pub kind: Option<String>,
    pub text: Option<String>,
    pub media_ref: Option<String>,
    pub at: RawTime,
    pub author: Option<String>,
}

/// Where a message stands, and where reports about it go.
pub(super) struct Place<'a> {
    /// Line or row.
    pub line: u64,
    /// Names a field of the message as the report should: a JSON pointer or a heading.
    pub field: &'a dyn Fn(&'static str) -> String,
    /// Takes what was not taken.
    pub rejected: &'a mut Vec<RejectedRow>,
    /// Takes what is worth knowing about what was taken.
    pub notes: &'a mut Vec<String>,
}

impl Place<'_> {
    /// Reports a field.
    pub(super) fn reject(&mut self, field: &'static str, reason: impl Into<String>, remedy: impl Into<String>) {
        let field = Some((self.field)(field));
        self.rejected.push(RejectedRow { line: self.line, field, reason: reason.into(), remedy: remedy.into() });
    }

    /// Takes an id, name or reference, unless it is absurdly long.
    pub(super) fn short(&mut self, value: Option<String>, field: &'static str) -> Option<String> {
        let value = present(value)?;
        if value.chars().nth(MAX_FIELD_CHARS).is_none() {
            return Some(value);
        }
        self.reject(field, format!("longer than {MAX_FIELD_CHARS} characters; left out"), "is this the right column or field?");
        None
    }
}

impl Rules {
    /// Reads one message; `None` when it has to be left out (then `place` says why).
    pub(super) fn message(&self, raw: RawMessage, place: &mut Place<'_>) -> Option<MessageDraft> {
        let Some(role_text) = present(raw.role) else {
            place.reject("role", "the message says not who speaks", format!("give each message a role: {KNOWN_ROLES}"));
            return None;
        };
        let Some(role) = self.role(&role_text) else {
            // A code may be shown, words may not: the column could hold anything.
            let code = if role_text.len() <= 3 && role_text.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("unknown role `{role_text}`")
            } else {
                "unknown role".to_owned()
            };
            let remedy =
                format!("use {KNOWN_ROLES}, or name the source's codes in the mapping file's `[roles]` table, e.g. `\"2\" = \"agent\"`");
            place.reject("role", code, remedy);
            return None;
        };
        let text = raw.text.unwrap_or_default();
        if text.len() > MAX_TEXT_BYTES {
            place.reject(
                "text",
                format!("the text is {} long, the limit is 16 MB", megabytes(text.len())),
                "split the message, or cut what is no text",
            );
            return None;
        }
        let media_ref = present(raw.media_ref);
        let has_text = !text.trim().is_empty();
        let kind = match raw.kind.as_deref().map(str::trim).filter(|kind| !kind.is_empty()) {
            None if has_text || media_ref.is_none() => MessageKind::Text,
            None => MessageKind::Other,
            Some(name) => find(KIND_NAMES, name).unwrap_or_else(|| {
                place.notes.push(format!("line {}: a message of an unknown kind is read as text", place.line));
                if has_text { MessageKind::Text } else { MessageKind::Other }
            }),
        };
        if !has_text && (kind == MessageKind::Text || media_ref.is_none()) {
            place.reject(
                "text",
                "the message is empty",
                "nothing to do if it was empty at the source; a picture or file needs `kind` and `media_ref`",
            );
            return None;
        }
        if text.len() >= LARGE_TEXT_BYTES {
            place.notes.push(format!(
                "line {}: a message of {} is kept whole, but only its first 8,000 characters are searched and suggested",
                place.line,
                megabytes(text.len())
            ));
        }
        let external_id = place.short(raw.id, "id");
        let author = place.short(raw.author, "author");
        let media_ref = place.short(media_ref, "media_ref");
        let at = self.time(&raw.at, "at", place);
        let text = if has_text { text } else { String::new() };
        Some(MessageDraft { external_id, role, kind, text, media_ref, at, author })
    }

    /// Reads a time; reports and drops one that can't be believed.
    pub(super) fn time(&self, raw: &RawTime, field: &'static str, place: &mut Place<'_>) -> Option<Timestamp> {
        match times::parse(raw, &self.zone, self.now) {
            Ok(time) => time,
            Err(fault) => {
                place.reject(field, fault.reason(), fault.remedy());
                None
            }
        }
    }

    fn role(&self, name: &str) -> Option<Role> {
        self.roles.get(name).copied().or_else(|| role_named(name))
    }
}

const KNOWN_ROLES: &str = "customer, agent, bot or system (客户, 客服, 机器人, 系统)";

/// Trims; nothing left is nothing given.
pub(super) fn present(value: Option<String>) -> Option<String> {
    let value = value?;
    let trimmed = value.trim();
    match trimmed.len() {
        0 => None,
        length if length == value.len() => Some(value),
        _ => Some(trimmed.to_owned()),
    }
}

/// Splits tags written in one field.
pub(super) fn split_tags(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split([',', '，', ';', '；', '|', '、']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned)
}

/// Adds values that are not there yet.
pub(super) fn extend_unique(list: &mut Vec<String>, values: impl IntoIterator<Item = String>) {
    for value in values {
        if !list.contains(&value) {
            list.push(value);
        }
    }
}

/// Who speaks, by a name that sources and people use for them, in Chinese or English and any case.
#[must_use]
pub fn role_named(name: &str) -> Option<Role> {
    find(ROLE_NAMES, name)
}

fn find<T: Copy>(names: &[(T, &[&str])], name: &str) -> Option<T> {
    let name = name.trim().to_lowercase();
    names.iter().find(|(_, known)| known.contains(&name.as_str())).map(|(value, _)| *value)
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: RawMessage) -> (Option<MessageDraft>, Vec<RejectedRow>, Vec<String>) {
        let roles = BTreeMap::from([("2".to_owned(), Role::Agent)]);
        let rules = Rules { roles, zone: times::default_zone(), now: Timestamp::from_micros(1_800_000_000_000_000) };
        let (mut rejected, mut notes) = (Vec::new(), Vec::new());
        let mut place = Place { line: 7, field: &|name| format!("/{name}"), rejected: &mut rejected, notes: &mut notes };
        let draft = rules.message(raw, &mut place);
        (draft, rejected, notes)
    }

    fn raw(role: &str, text: &str) -> RawMessage {
        RawMessage { role: Some(role.to_owned()), text: Some(text.to_owned()), ..RawMessage::default() }
    }

    #[test]
    fn roles_by_code_name_and_table() {
        for (name, role) in [
            ("customer", Role::Customer),
            (" 访客", Role::Customer),
            ("USER", Role::Customer),
            ("坐席", Role::Agent),
            ("2", Role::Agent),
            ("机器人", Role::Bot),
        ] {
            assert_eq!(read(raw(name, "x")).0.unwrap().role, role, "{name}");
        }
    }

    #[test]
    fn unknown_roles_are_explained_without_quoting_words() {
        let (draft, rejected, _) = read(raw("3", "x"));
        assert!(draft.is_none() && rejected[0].reason.contains("`3`") && rejected[0].remedy.contains("[roles]"));
        let (_, rejected, _) = read(raw("我想退货", "x"));
        assert_eq!(rejected[0].reason, "unknown role");
        assert_eq!(read(raw("", "x")).1[0].field.as_deref(), Some("/role"));
    }

    #[test]
    fn empty_is_reported_unless_it_refers_to_media() {
        assert!(read(raw("customer", " \n")).1[0].reason.contains("empty"));
        let picture = RawMessage { kind: Some("图片".to_owned()), media_ref: Some("a.png".to_owned()), ..raw("customer", " ") };
        let draft = read(picture).0.unwrap();
        assert_eq!((draft.kind, draft.text.as_str(), draft.media_ref.as_deref()), (MessageKind::Image, "", Some("a.png")));
    }

    #[test]
    fn five_megabytes_are_kept_and_noted() {
        let (draft, rejected, notes) = read(raw("agent", &"x".repeat(5_000_000)));
        assert_eq!(draft.unwrap().text.len(), 5_000_000);
        assert!(rejected.is_empty() && notes[0].contains("5.0 MB"), "{notes:?}");
        assert!(read(raw("agent", &"x".repeat(MAX_TEXT_BYTES + 1))).0.is_none());
    }

    #[test]
    fn an_absurd_time_costs_the_time_only() {
        let (draft, rejected, _) = read(RawMessage { at: RawTime::Text("1899-01-01 00:00".to_owned()), ..raw("agent", "x") });
        assert_eq!(draft.unwrap().at, None);
        assert_eq!((rejected.len(), rejected[0].line, rejected[0].field.as_deref()), (1, 7, Some("/at")));
    }
}
