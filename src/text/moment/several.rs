//! Parts a turn that asks several things at once. Cautious: what is not clearly another question stays with the one before it.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::said::regex;
use crate::text::acts::{CustomerAct, asks_openly, customer_act};
use crate::text::language::is_chinese;
use crate::text::normalise::fold;
use crate::text::segment::terms;

/// Most questions of one turn that are asked for themselves; the whole turn is always asked.
pub(super) const MAX_QUESTIONS: usize = 3;

/// Terms that ask or fill, and name no matter; Latin ones as the word search stems them, too.
static NO_MATTER: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "怎么 怎样 如何 什么 啥 咋 多少 多久 多长 多大 几 哪 哪里 哪儿 谁 为什么 能 能不能 能不 不能 可不 可否 不可 是否 会 会不会 会不 不会 要 要不 不要 是不是 是不 不是 \
     有没有 没有 有没 没 不 有 想 问 需要 办 弄 办理 处理 操作 行 行不 不行 好 吗 时候 时间 现在 今天 请 可以 一般 大概 大约 到底 一直 已经 还是 或者 \
     所以 如果 的话 快 点 快点 快些 下 给 到 赶紧 尽快 帮 帮我 看 看看 说 知道 告诉 什么样 回事 情况 原因 问题 东西 样子 意思 该 应该 直接 自己 另外 还有 顺便 对了 \
     再 吧 天 钱 价 急 \
     how what where when which who why much many long can do get got have need want know tell possibl possible ok okay also any anyth anything \
     someth something way now today then still ye yes no not don't there here actual actually realli really abl able go take make work thing like \
     time exact exactly mean happen up out else que question"
        .split_whitespace()
        .collect()
});

/// The words of a text that name a matter, as search terms.
pub(super) fn content(text: &str) -> Vec<String> {
    let mut content = terms(text);
    content.retain(|term| !NO_MATTER.contains(term.as_str()) && !term.starts_with('[') && !term.chars().all(|c| c.is_ascii_digit()));
    content
}

/// Announces another question.
static CONNECTOR: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)^[\s,，、]*(?:
        (?:另外|此外|其次|对了|顺便|顺带)[,，\s]*(?:(?:再|还)?想?(?:问|咨询|请教)(?:一下|下|一个|个)?(?:问题)?|一个问题)?
        |(?:还想|再)(?:问|咨询)(?:一下|下|一个|个)?(?:问题)?
        |还有(?:就是|一个|个|一点|想问|问一下|问下|请问|一件事|个问题|[\s,，:：、])(?:问题)?(?:是|就是)?
        |(?:第[一二三四五]|[1-5一二三四五])(?:个(?:问题)?|点|是)?[\s、.．:：,，)）]
        |(?:and\s)?also\b|another\s(?:question|thing)\b|one\s(?:more|other)\s(?:question|thing)\b|second(?:ly)?\b|(?:by\sthe\sway|btw)\b|plus\b|in\saddition\b
        )(?:\s*[,，:：、.]\s*|\s*)(?:请问|想问(?:一下|下)?|is\s?,?|:)?\s*",
    )
});

/// What joins a question to the one before it.
static AND: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^and\s"));

/// Where a text may be cut: behind a stop, or before the announcement of another question.
static CUT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?xi)[?？!！。;；\n]+ | \.(?:\s|$)
        | [,，、\s]*(?P<before>另外|此外|顺便|顺带|对了[,，\s]|还想问|还想咨询|再问一?下|还有(?:就是|一个|想问|问一?下|请问|个问题|[,，]))
        | [,，\s]+(?P<and>(?:and\s)?also\b|and\s(?:how|what|when|where|who|which|why|can|could|do|does|is|are|will)\b|another\s(?:question|thing)\b|one\smore\s(?:question|thing)\b|by\sthe\sway\b|btw\b)
        | (?:^|[\s,，;；])(?P<mark>[1-5][.．、)）]|[①②③④⑤])
        | [,，](?P<clause>)",
    )
});

/// A question word, which opens a question of its own also behind a comma.
static ASKING_WORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)什么|啥|怎么|怎样|咋|如何|为何|多少|多久|多长|几[天个时点号折件月年]|哪|谁|\b(?:how|what|when|where|who|whose|which|why)\b")
});

/// Whether a text holds a question word.
pub(super) fn has_asking_word(text: &str) -> bool {
    ASKING_WORD.is_match(text)
}

/// What points back to the words before, so that they can't be left out.
static POINTS_BACK: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)这个|那个|它|这样|那样|这种|那种|我是说|意思是|^那|\bi mean\b|\b(?:it|that|this|them|those|these|one|ones|then)\b")
});

/// One piece of a turn.
struct Piece<'a> {
    text: &'a str,
    /// Announced as another question.
    announced: bool,
    /// Cut off at a comma only.
    clause: bool,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut clause, mut mark) = (0, false, false);
    let mut push = |from: usize, to: usize, clause: bool, mark: bool| {
        let piece = text[from..to].trim_matches(|c: char| c.is_whitespace() || ",，、".contains(c));
        if piece.chars().any(char::is_alphanumeric) {
            pieces.push(Piece { text: piece, announced: mark || CONNECTOR.is_match(piece), clause });
        }
    };
    for found in CUT.captures_iter(text) {
        let Some(all) = found.get(0) else { continue };
        let kept = found.name("before").or_else(|| found.name("and")).or_else(|| found.name("mark"));
        // A stop belongs to the piece it ends, an announcement to the one it opens.
        let (to, next) = match (kept, found.name("clause")) {
            (Some(kept), _) => (all.start(), if found.name("mark").is_some() { kept.end() } else { kept.start() }),
            (None, Some(_)) => (all.start(), all.end()),
            (None, None) => (all.end(), all.end()),
        };
        push(from, to, clause, mark);
        (from, clause, mark) = (next, found.name("clause").is_some(), found.name("mark").is_some());
    }
    push(from, text.len(), clause, mark);
    pieces
}

/// A question as it grows: what introduces it, the words that ask, and what follows.
#[derive(Default)]
struct Question {
    text: String,
    matter: Vec<String>,
}

impl Question {
    fn add(&mut self, text: &str, joined_by: &str) {
        if !self.text.is_empty() {
            self.text.push_str(joined_by);
        }
        self.text.push_str(text);
    }
}

/// Whether a question asks about something that the earlier ones don't: most of its terms are in none of them, and one has not even a
/// character of theirs ("怎么还没发货？什么时候发" asks one thing).
fn is_new(matter: &[String], questions: &[Question]) -> bool {
    let earlier = || questions.iter().flat_map(|question| &question.matter);
    let named = matter.iter().filter(|term| earlier().any(|other| other == *term)).count();
    let alike = |term: &String| earlier().any(|other| term == other || term.chars().any(|c| is_chinese(c) && other.contains(c)));
    2 * named < matter.len() && !matter.iter().all(alike)
}

/// The single questions of a turn, at least two and at most [`MAX_QUESTIONS`], in order; empty where it asks one thing.
///
/// Another question begins where it is announced ("另外…", "also …", numbers), or where a sentence (or a clause with a question word of its
/// own) asks about something new. A question without a matter of its own ("多少钱") or pointing back ("is it
/// …") belongs to the one before it, statements to the question they lead to.
pub(super) fn questions(turn: &str) -> Vec<String> {
    let mut questions: Vec<Question> = Vec::new();
    let mut open = Question::default();
    let mut announced = false;
    for piece in pieces(turn) {
        announced |= piece.announced;
        let mut bare = if piece.announced { CONNECTOR.replace(piece.text, "").into_owned() } else { piece.text.to_owned() };
        if open.text.is_empty() {
            bare = AND.replace(&bare, "").into_owned();
        }
        if !bare.contains(char::is_alphanumeric) {
            // "Also, …": the announcement is of the next piece.
            continue;
        }
        let announced = std::mem::take(&mut announced);
        let act = customer_act(&bare);
        if act.is_small_talk() {
            continue;
        }
        let asks = asks_openly(&bare) || (announced && act == CustomerAct::Question);
        let matter = content(&bare);
        let joined_by = if piece.clause { "，" } else { " " };
        if !asks {
            open.add(&bare, joined_by);
            open.matter.extend(matter);
            continue;
        }
        let folded = fold(&bare);
        let stands_alone = !matter.is_empty() && !POINTS_BACK.is_match(&folded);
        let another = stands_alone && (announced || (is_new(&matter, &questions) && (!piece.clause || ASKING_WORD.is_match(&folded))));
        if another || questions.is_empty() {
            open.add(&bare, joined_by);
            open.matter.extend(matter);
            questions.push(std::mem::take(&mut open));
        } else if let Some(last) = questions.last_mut() {
            let lead = std::mem::take(&mut open);
            if !lead.text.is_empty() {
                last.add(&lead.text, " ");
                last.matter.extend(lead.matter);
            }
            last.add(&bare, joined_by);
            last.matter.extend(matter);
        }
    }
    if let Some(last) = questions.last_mut()
        && !open.text.is_empty()
    {
        last.add(&open.text, " ");
    }
    if questions.len() < 2 {
        return Vec::new();
    }
    questions.into_iter().map(|question| question.text).take(MAX_QUESTIONS).collect()
}
