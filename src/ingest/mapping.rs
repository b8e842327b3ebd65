//! Which column of a table holds what: guessed from the headings, overridden by a mapping file (TOML or JSON).

use std::collections::BTreeMap;
use std::path::Path;

use config::Format as _;
use encoding_rs::Encoding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::IngestError;
use super::message::Rules;
use super::times;
use crate::domain::{Role, Timestamp};

/// How a file is to be read. Everything is optional; what is left out is guessed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnMapping {
    /// Headings by field (tables only).
    pub columns: Columns,
    /// The source's role codes, e.g. `"2" = "agent"`.
    #[schema(value_type = BTreeMap<String, String>)]
    pub roles: BTreeMap<String, Role>,
    /// Zone of times without an offset: an IANA name or `+08:00`. Default: China time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Column delimiter of a CSV file: one ASCII character, or `tab`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// Encoding of the file where it has no byte order mark, e.g. `gb18030`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Sheet of a workbook. Default: the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
}

macro_rules! columns {
    ($($(#[$doc:meta])* $field:ident: $names:expr;)+) => {
        /// Headings, as written in the file (case does not matter; blanks, hyphens and underscores are the same).
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
        #[serde(default, deny_unknown_fields)]
        pub struct Columns {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<String>,)+
        }

        /// Column numbers, from 0.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(super) struct Positions {
            $(pub $field: Option<usize>,)+
        }

        /// Finds every field's column; tells which named headings are not there.
        fn find_positions(columns: &Columns, headings: &[String]) -> (Positions, Columns, Vec<String>) {
            let mut taken = vec![false; headings.len()];
            let mut missing = Vec::new();
            let mut found = Positions::default();
            // Columns that were named come first, so that a guess can't take them.
            $(if let Some(name) = &columns.$field {
                found.$field = headings.iter().position(|heading| *heading == normalise_heading(name));
                match found.$field {
                    Some(position) => taken[position] = true,
                    None => missing.push(format!("{} = \"{name}\"", stringify!($field))),
                }
            })+
            $(if columns.$field.is_none() {
                let names: &[&str] = &$names;
                // In order of the names: the more telling ones stand first.
                found.$field = names.iter().find_map(|name| (0..headings.len()).find(|&at| !taken[at] && headings[at] == *name));
                if let Some(position) = found.$field {
                    taken[position] = true;
                }
            })+
            let used = Columns { $($field: found.$field.map(|position| headings[position].clone()),)+ };
            (found, used, missing)
        }
    };
}

columns! {
    /// The conversation's id; mandatory.
    conversation: ["conversation_id", "conversationid", "conversation", "session_id", "sessionid", "session",
        "chat_id", "chatid", "dialog_id", "dialogue_id", "dialogid", "thread_id", "ticket_id", "ticket", "会话id", "会话编号", "会话号", "会话标识",
        "会话", "对话id", "对话编号", "对话", "咨询id", "咨询编号", "工单id", "工单编号", "工单号"];
    /// The message's own id.
    message: ["message_id", "messageid", "msg_id", "msgid", "消息id", "消息编号", "消息号", "记录id"];
    /// Who speaks; mandatory.
    role: ["role", "sender_type", "sendertype", "from_type", "message_type_of_sender", "speaker_type", "author_type", "角色", "发送者类型", "发送方类型",
        "发送人类型", "消息来源", "发送者角色", "发言人类型", "发言角色", "身份", "发送方", "发送者", "发言人", "说话人", "sender", "from", "speaker", "direction"];
    /// The words; mandatory.
    text: ["text", "content", "message_content", "msg_content", "message", "msg", "body", "utterance", "消息内容", "聊天内容", "会话内容", "对话内容", "消息正文",
        "发送内容", "内容", "消息", "文本", "正文", "话术"];
    /// When it was sent.
    at: ["at", "sent_at", "send_time", "sendtime", "message_time", "msg_time", "msgtime", "created_at", "create_time", "createtime", "timestamp", "datetime", "time", "date", "发送时间",
        "消息时间", "聊天时间", "发言时间", "创建时间", "记录时间", "时间", "日期时间", "日期"];
    /// When the conversation began.
    started_at: ["started_at", "start_time", "session_start", "开始时间", "会话开始时间", "接入时间", "会话时间"];
    /// The source's id of the customer.
    customer: ["customer_id", "customerid", "user_id", "userid", "visitor_id", "client_id", "buyer_id", "open_id", "openid", "external_userid", "客户id", "客户编号", "用户id", "访客id",
        "买家id", "会员id", "会员号", "顾客id"];
    /// The source's id of the agent.
    agent: ["agent_id", "agentid", "staff_id", "operator_id", "seat_id", "agent", "staff", "客服id", "客服编号", "客服工号", "坐席id", "坐席工号", "工号", "客服账号", "客服", "坐席", "接待客服", "客服姓名",
        "客服名称", "坐席姓名"];
    /// The speaker's name or id.
    author: ["author", "sender_name", "from_name", "sender_id", "发送人", "发送者名称", "发送人名称", "发送者姓名", "发送人姓名", "发送者昵称"];
    /// The channel.
    channel: ["channel", "source", "platform", "渠道", "来源", "平台", "来源渠道", "接入渠道", "会话来源"];
    /// Tags, separated by commas or semicolons.
    tags: ["tags", "tag", "category", "标签", "会话标签", "分类", "咨询分类"];
    /// Text, picture, voice …
    kind: ["kind", "message_type", "msg_type", "msgtype", "content_type", "type", "消息类型", "内容类型", "类型"];
    /// Where a picture or file lies.
    media_ref: ["media_ref", "media_url", "file_url", "attachment", "attachment_url", "url", "附件", "附件地址", "文件地址", "图片地址", "媒体地址"];
    /// The customer's name, masked wherever it occurs.
    customer_name: ["customer_name", "user_name", "username", "visitor_name", "nickname", "nick_name", "buyer_nick", "客户姓名", "客户名称", "客户昵称", "用户名", "用户昵称", "用户姓名", "访客名称",
        "访客昵称", "昵称", "姓名", "买家昵称", "会员名", "会员名称"];
    /// The customer's phone number, masked wherever it occurs.
    customer_phone: ["customer_phone", "phone", "mobile", "phone_number", "tel", "telephone", "手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "联系方式", "客户电话", "客户手机", "客户手机号"];
    /// The customer's mail address, masked wherever it occurs.
    customer_email: ["customer_email", "email", "e_mail", "mail", "邮箱", "电子邮箱", "客户邮箱", "邮件地址"];
    /// The customer's postal address, masked wherever it occurs.
    customer_address: ["customer_address", "address", "shipping_address", "地址", "收货地址", "联系地址", "客户地址"];
}

/// A mapping applied to one file's headings.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// Where each field stands.
    pub positions: Positions,
    /// The mapping with every column filled in that was found.
    pub mapping: ColumnMapping,
}

impl ColumnMapping {
    /// Reads a mapping file: JSON when it begins with `{`, else TOML.
    pub fn load(path: &Path) -> Result<Self, IngestError> {
        let text = fs_err::read_to_string(path).map_err(|source| IngestError::Open { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|detail| IngestError::Mapping { path: Some(path.to_owned()), detail })
    }

    /// Reads a mapping from text.
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        let mapping: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())?
        } else {
            let table = config::FileFormat::Toml.parse(None, text).map_err(|error| error.to_string())?;
            config::Value::new(None, table).try_deserialize().map_err(|error| error.to_string())?
        };
        mapping.check()?;
        Ok(mapping)
    }

    /// Checks what needs no file.
    fn check(&self) -> Result<(), String> {
        self.zone()?;
        self.encoding()?;
        self.delimiter()?;
        Ok(())
    }

    /// The rules for reading messages.
    pub(super) fn rules(&self, now: Timestamp) -> Result<Rules, IngestError> {
        self.check().map_err(|detail| IngestError::Mapping { path: None, detail })?;
        let zone = self.zone().map_err(|detail| IngestError::Mapping { path: None, detail })?;
        let roles = self.roles.iter().map(|(name, role)| (name.trim().to_owned(), *role)).collect();
        Ok(Rules { roles, zone, now })
    }

    fn zone(&self) -> Result<jiff::tz::TimeZone, String> {
        self.timezone.as_deref().map_or_else(
            || Ok(times::default_zone()),
            |text| {
                times::parse_zone(text)
                    .ok_or_else(|| format!("unknown timezone `{text}`: use a name such as `Asia/Shanghai` or an offset such as `+08:00`"))
            },
        )
    }

    /// The encoding asked for.
    pub(super) fn encoding(&self) -> Result<Option<&'static Encoding>, String> {
        let Some(label) = &self.encoding else { return Ok(None) };
        let found = Encoding::for_label(label.trim().as_bytes());
        found.map(Some).ok_or_else(|| format!("unknown encoding `{label}`: use utf-8, gb18030, utf-16le, utf-16be or another WHATWG label"))
    }

    /// The delimiter asked for.
    pub(super) fn delimiter(&self) -> Result<Option<char>, String> {
        let Some(text) = &self.delimiter else { return Ok(None) };
        match text.as_str() {
            "tab" | "\\t" => Ok(Some('\t')),
            text => match text.as_bytes() {
                [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(Some(char::from(*byte))),
                _ => Err("`delimiter` has to be one ASCII character, or `tab`".to_owned()),
            },
        }
    }

    /// Finds the columns. `Err` says what is missing, for the report.
    pub(super) fn resolve(&self, row: &[String]) -> Result<Resolved, MissingColumns> {
        let headings: Vec<String> = row.iter().map(|heading| normalise_heading(heading)).collect();
        let (positions, columns, mut missing) = find_positions(&self.columns, &headings);
        let mandatory = [
            ("conversation", positions.conversation, &self.columns.conversation),
            ("role", positions.role, &self.columns.role),
            ("text", positions.text, &self.columns.text),
        ];
        let absent: Vec<&str> = mandatory.iter().filter(|(_, found, _)| found.is_none()).map(|(name, ..)| *name).collect();
        missing
            .extend(mandatory.iter().filter(|(_, found, named)| found.is_none() && named.is_none()).map(|(name, ..)| (*name).to_owned()));
        if missing.is_empty() && absent.is_empty() {
            return Ok(Resolved { positions, mapping: Self { columns, ..self.clone() } });
        }
        let known = 3 - absent.len();
        Err(MissingColumns {
            missing,
            known,
            headings: row.iter().filter(|heading| !heading.trim().is_empty()).map(|heading| shorten(heading)).collect(),
        })
    }
}

/// Why headings don't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MissingColumns {
    /// Fields without a column.
    pub missing: Vec<String>,
    /// How many of the mandatory fields were found.
    pub known: usize,
    /// The headings there are.
    pub headings: Vec<String>,
}

impl MissingColumns {
    /// Explains, and shows how to write a mapping file. Headings are shown only if at least one was recognised: else the row is
    /// likely not headings at all but somebody's words.
    pub(super) fn explain(&self) -> String {
        let found = if self.known == 0 {
            format!(
                "none of the {} cells of the first rows is a known heading (does the file have a row of headings?)",
                self.headings.len()
            )
        } else {
            format!(
                "headings found: {}",
                self.headings.iter().take(40).map(|heading| format!("`{heading}`")).collect::<Vec<_>>().join(", ")
            )
        };
        format!(
            "no column for {}; {found}. Name the columns in a mapping file (`--map map.toml`):\n[columns]\nconversation = \"…\"\nrole = \"…\"\ntext = \"…\"\nat = \"…\"",
            self.missing.join(", ")
        )
    }
}

fn shorten(heading: &str) -> String {
    heading.trim().chars().take(20).collect()
}

fn normalise_heading(heading: &str) -> String {
    let bare = heading.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '"' | '*' | ':' | '：'));
    // "Sent at", "sent-at" and "sent_at" are one heading.
    bare.split([' ', '-', '_']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(headings: &[&str]) -> Vec<String> {
        headings.iter().map(|heading| (*heading).to_owned()).collect()
    }

    #[test]
    fn chinese_and_english_headings_are_recognised() {
        let found = ColumnMapping::default()
            .resolve(&row(&["会话ID", "发送者类型", "消息类型", "消息内容", "发送时间", "客服工号", "客户手机号"]))
            .unwrap();
        let positions = found.positions;
        assert_eq!((positions.conversation, positions.role, positions.kind, positions.text), (Some(0), Some(1), Some(2), Some(3)));
        assert_eq!((positions.at, positions.agent, positions.customer_phone, positions.message), (Some(4), Some(5), Some(6), None));
        let found = ColumnMapping::default().resolve(&row(&[" Session_ID ", "from", "Message", "Timestamp", "message_id"])).unwrap();
        assert_eq!((found.positions.conversation, found.positions.role, found.positions.text), (Some(0), Some(1), Some(2)));
        assert_eq!(found.mapping.columns.message.as_deref(), Some("message_id"));
    }

    #[test]
    fn a_named_column_wins_over_a_guess() {
        let mapping = ColumnMapping::parse("[columns]\ntext = \"原文\"\nauthor = \"content\"").unwrap();
        let found = mapping.resolve(&row(&["会话ID", "角色", "content", "原文"])).unwrap();
        assert_eq!((found.positions.text, found.positions.author), (Some(3), Some(2)));
    }

    #[test]
    fn missing_columns_are_named_with_the_headings() {
        let missing = ColumnMapping::default().resolve(&row(&["会话ID", "谁", "说了啥"])).unwrap_err();
        let text = missing.explain();
        assert!(text.contains("no column for role, text") && text.contains("`说了啥`") && text.contains("[columns]"), "{text}");
        let text = ColumnMapping::default().resolve(&row(&["我的电话", "丢了"])).unwrap_err().explain();
        assert!(!text.contains("丢了"), "{text}");
        let named = ColumnMapping::parse("[columns]\nagent = \"nobody\"").unwrap();
        assert!(named.resolve(&row(&["会话ID", "角色", "内容"])).unwrap_err().missing[0].contains("nobody"));
    }

    #[test]
    fn toml_and_json_say_the_same_and_mistakes_are_refused() {
        let toml = "timezone = \"+09:00\"\ndelimiter = \"tab\"\n[roles]\n2 = \"agent\"\n\"客A\" = \"customer\"\n[columns]\nat = \"T\"";
        let json = r#"{"timezone":"+09:00","delimiter":"tab","roles":{"2":"agent","客A":"customer"},"columns":{"at":"T"}}"#;
        let mapping = ColumnMapping::parse(toml).unwrap();
        assert_eq!(mapping, ColumnMapping::parse(json).unwrap());
        assert_eq!(mapping.roles["客A"], Role::Customer);
        assert_eq!(mapping.delimiter().unwrap(), Some('\t'));
        for wrong in [
            "colums = 1",
            "timezone = \"Mars\"",
            "encoding = \"klingon\"",
            "delimiter = \"ab\"",
            "[roles]\n1 = \"boss\"",
            "[columns]\nfoo = \"x\"",
            "[",
            "{",
        ] {
            assert!(ColumnMapping::parse(wrong).is_err(), "{wrong}");
        }
    }
}
