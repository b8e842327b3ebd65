//! Whether two answers to one question can both be right, as far as their words show it.
//!
//! Three signs, in Chinese and English: figures of one kind that have nothing in common (7 days, 15 days; free, 10 yuan), something that one
//! affirms and the other denies ("可以机洗", "不可以机洗"), and a pair of opposites ("open", "closed"). Silent where in doubt: an answer that says
//! more, speaks of another case ("if …") or merely is worded in the negative contradicts nothing. Whether the two are about the same thing at
//! all is for the caller to know.

mod effort;
mod opposites;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use effort::{Effort, effort};
use opposites::OPPOSITES;

use super::quantity::{Dimension, Quantity, quantities, spelt_out, without_free};
use super::stance::{Stance, only_way_differs, payers, stance};
use crate::text::normalise::fold;
use crate::text::segment::terms;

/// Polite or fixed phrases with a negation that denies nothing, and comparisons that are figures, not denials.
static NO_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"let (?:me|us) know if[^.!?]*|\b(?:wont|never|not|cant|dont|cannot) \w+ (?:\w+ )?without\b|(?:if you )(?:need|have any|want|would like|wish|prefer|d like)[^,.!?]*|just in case|as if|even if|if possible|never more than|\bi (?:cant|cannot|dont|couldnt|am not able to|am unable to|wasnt able to)\b|我(?:这边|们这边|们)?(?:看不到|查不到|无法查|没法查|看不见)|不会?\p{Han}{1,3}也|不影响|不晚于|不早于|不迟于|不大于|不小于|不要忘|别忘|不用急|不必着急|没(?:上|用|拆|寄|激活|使用|开始|消费|穿|下水)\p{Han}{0,2}的|未(?:使用|激活|拆封|消费)的|不二价|no sooner than|no earlier than|not later than|not earlier than|dont forget|do not forget|no need to worry|if you dont|not too|nothing but|no more|not to mention|没问题|没有问题|没关系|没有关系|没事|不客气|不好意思|不用谢|不要紧|不用担心|不必担心|别担心|别着急|不用着急|不着急|不急|不用客气|不超过|不少于|不低于|不高于|不多于|不足|不满|不到|不得超过|不要超过|不同|不过|不仅|不但|不止|不管|不论|无论|不妨|差不多|了不起|对不起|不久|不错|是不是|能不能|可不可以|有没有|要不要|会不会|不喜欢|不想要|不合适|不满意|不方便|不清楚|不知道|不需要的话|非常|除非|并非常|无理由|无忧|无条件|no problem|not a problem|no worries|don'?t worry|not at all|no later than|not only|not more than|no more than|not less than|not to worry|do not worry|no hurry|no rush|don'?t hesitate|do not hesitate|not sure|don'?t know|sorry it was not|why not|if not|or not",
    )
});

static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| compiled(r"(\d),(\d{3})"));

/// Clauses that name the case an answer is for; what they say is not claimed.
static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^\s*(?:如果|若|要是|如|倘若|万一|假如|只要|除非|一旦|非质量|if\b|unless\b|in case\b|when\b|once\b|should you\b|as long as\b|provided\b|without\b|(?:没|未|不)\p{Han}{1,8}(?:就[^行好可]|则))|的话$|的情况下$|(?:if|unless|in case) .{0,40}$",
    )
});

/// Ends of clauses. A subordinate clause behind its main clause is cut off as well.
static CLAUSE_END: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"[，。；！？、,;!?\n]+|\.(?:\s|$)+|(?:的话)|\s(?:but|and|so|because|however|although)\s|但是|但|不过|而且|并且|所以|因为|\s+(?:if|unless)\b[^,.;]*",
    )
});

/// Words that deny what follows them in their clause.
static DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"不再|暂不|并不|无法|没法|没办法|没有|没|不|无需|无须|无|未|别|非|禁止|拒绝|谢绝|\b(?:not|never|no|cannot|without|unable|nor|none|neither|isnt|arent|wasnt|werent|dont|doesnt|didnt|cant|couldnt|wont|wouldnt|shouldnt|hasnt|havent|impossible)\b",
    )
});

/// Words that say nothing about what is denied.
const LIGHT: &[&str] = &[
    "可以",
    "能够",
    "能",
    "会",
    "要",
    "需要",
    "支持",
    "可",
    "行",
    "用",
    "到",
    "去",
    "来",
    "想",
    "该",
    "应该",
    "必须",
    "允许",
    "哦",
    "亲",
    "目前",
    "暂时",
    "这款",
    "您",
    "抱歉",
    "您好",
    "这边",
    "我们",
    "现在",
    "一下",
    "直接",
    "已经",
    "还",
    "only",
    "yet",
    "any",
    "more",
    "longer",
    "able",
    "need",
    "possible",
    "allowed",
    "available",
    "currently",
    "sorry",
    "unfortunately",
    "yes",
    "no",
    "not",
    "one",
    "which",
    "when",
    "all",
    "also",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "day",
    "days",
    "your",
    "you",
    "our",
    "we",
    "it",
    "to",
    "the",
    "a",
    "an",
    "do",
    "anything",
    "everything",
    "please",
    "be",
    "is",
    "are",
    "for",
    "in",
    "of",
    "on",
    "的",
    "了",
    "本",
    "就",
    "也",
    "再",
    "会再",
    "都",
    "一",
    "个",
    "请",
];

/// What only modal words deny or affirm, by what they speak of.
const MODALS: [(&[&str], &[&str]); 6] = [
    (&["可以", "能", "行", "支持", "允许"], &["不可以", "不能", "不行", "不支持", "不允许", "无法", "没法", "不可"]),
    (&["会"], &["不会"]),
    (&["有"], &["没有", "没", "无"]),
    (&["需要", "要", "得"], &["不需要", "不用", "无需", "不要", "不必"]),
    (&["是"], &["不是"]),
    (&["yes"], &["no"]),
];

/// Words that two answers have in common when they speak of the same thing.
const SHARED_WORDS: usize = 1;

/// Terms behind a denial that it is about: what else the clause says may well be so.
const DENIED_TERMS: usize = 2;

/// What an answer claims.
#[derive(Debug, Clone)]
pub(super) struct Claims {
    folded: String,
    figures: Vec<Quantity>,
    /// Content words that are denied.
    denied: BTreeSet<String>,
    /// Content words of clauses without a denial.
    affirmed: BTreeSet<String>,
    /// Which way each of [`MODALS`] goes in the answer's first words, where it does.
    modal: Option<(usize, bool)>,
    /// Whether the answer is for a case that it names.
    conditional: bool,
    /// Which way it goes.
    stance: Option<Stance>,
    /// The words of the cases that it names, and whether one of these is named by what it is not.
    cases: BTreeSet<String>,
    case_denied: bool,
    /// All its words.
    words: BTreeSet<String>,
    /// What it asks for, and what it says is not needed.
    needed: BTreeSet<String>,
    needless: BTreeSet<String>,
    /// Whether it says that it depends.
    open: bool,
    /// Who pays.
    payers: BTreeSet<String>,
    /// Who has to act.
    effort: Option<Effort>,
}

impl Claims {
    /// Reads an answer.
    pub(super) fn of(text: &str) -> Self {
        let folded = fold(text).replace(['\'', '’'], "");
        // A comma inside a number ends no clause.
        let whole = spelt_out(&THOUSANDS.replace_all(&folded, "$1\u{2}$2"));
        let plain = NO_DENIAL.replace_all(&whole, " ").into_owned();
        let (mut denied, mut affirmed, mut conditional) = (BTreeSet::new(), BTreeSet::new(), false);
        let (mut cases, mut case_denied) = (BTreeSet::new(), false);
        let mut kept = String::new();
        let mut modal = None;
        let mut start = 0;
        let ends = CLAUSE_END.find_iter(&plain).map(|end| (end.start(), end.end(), end.as_str())).chain([(plain.len(), plain.len(), "")]);
        for (stop, next, end) in ends {
            let clause = plain[start..stop].trim();
            start = next;
            conditional |= end.trim_start().starts_with("if") || end.trim_start().starts_with("unless");
            if clause.is_empty() {
                continue;
            }
            if end == "的话" || CONDITION.is_match(clause) {
                conditional = true;
                case_denied |= DENIAL.is_match(clause);
                cases.extend(content(clause));
                continue;
            }
            kept.push_str(&clause.replace('\u{2}', ","));
            kept.push_str(" , ");
            if modal.is_none() {
                modal = leading_modal(clause);
            }
            // "No fee" is an amount.
            let clause = without_free(clause);
            match DENIAL.find(&clause) {
                Some(denial) => denied.extend(content(scope(&clause[denial.end()..])).into_iter().take(DENIED_TERMS)),
                None => affirmed.extend(content(&clause)),
            }
        }
        let stance = stance(&plain.replace('\u{2}', ","));
        let (needed, needless) = needs(&kept);
        Self {
            cases,
            case_denied,
            words: content(&plain).into_iter().collect(),
            needed,
            needless,
            open: OPEN.is_match(&plain),
            figures: quantities(&kept),
            payers: payers(&kept),
            effort: effort(&kept),
            folded: kept,
            denied,
            affirmed,
            modal,
            conditional,
            stance,
        }
    }

    /// Whether the cases that this one names are what the other speaks of anyway.
    fn same_case(&self, other: &Self) -> bool {
        !self.cases.is_empty() && !self.case_denied && self.cases.intersection(&other.words).count() * 2 >= self.cases.len()
    }

    /// Whether this one denies what the other affirms.
    fn denies(&self, other: &Self) -> bool {
        self.denied.iter().any(|word| other.affirmed.contains(word) && !other.denied.contains(word) && !self.affirmed.contains(word))
    }

    /// Whether two answers to the same question state figures, permissions or facts that exclude each other.
    pub(super) fn oppose(&self, other: &Self) -> bool {
        let (a, b) = (self, other);
        if figures_differ(&a.figures, &b.figures) {
            return true;
        }
        if !a.payers.is_empty()
            && !b.payers.is_empty()
            && a.payers.is_disjoint(&b.payers)
            && (a.conditional == b.conditional || a.same_case(b) || b.same_case(a))
            && !(a.conditional && b.conditional)
        {
            return true;
        }
        let opposite_stances = match (a.stance, b.stance) {
            // Where one side only goes on to explain, the two must speak of the same thing.
            (Some(one), Some(other)) => {
                one.yes != other.yes
                    && ((one.plainly && other.plainly)
                        || (a.conditional == b.conditional && a.words.intersection(&b.words).count() >= SHARED_WORDS))
            }
            _ => false,
        };
        if opposite_stances {
            return true;
        }
        if a.open || b.open {
            return false;
        }
        // Duties stand outside of the cases that an answer names.
        if matches!((a.effort, b.effort), (Some(one), Some(other)) if one != other) {
            return true;
        }
        let spares = |one: &Claims, other: &Claims| {
            let asked = other.needed.union(&other.affirmed).filter(|word| !other.needless.contains(*word) && !other.denied.contains(*word));
            asked.into_iter().any(|word| one.needless.contains(word) && !one.needed.contains(word) && !one.affirmed.contains(word))
        };
        if a.conditional == b.conditional && (spares(a, b) || spares(b, a)) {
            return true;
        }
        // What holds in one case and what holds in another do not exclude each other.
        if a.conditional != b.conditional && !a.same_case(b) && !b.same_case(a) {
            return false;
        }
        let opposite_modals = matches!((a.modal, b.modal), (Some((one, yes)), Some((other, no))) if one == other && yes != no);
        // An answer that says yes to the same as another denies details, not the matter.
        let same_stance = matches!((a.stance, b.stance), (Some(one), Some(other)) if one.yes == other.yes);
        (!same_stance && (opposite_modals || a.denies(b) || b.denies(a)))
            || (exclude(&a.folded, &b.folded) && !rest_of_the_week(&a.figures, &b.figures) && !rest_of_the_week(&b.figures, &a.figures))
            || only_way_differs(&a.folded, &b.folded)
    }
}

/// Whether for some dimension both state figures and none of one agrees with any of the other; or both state as many, and all agree but one
/// on each side.
fn figures_differ(a: &[Quantity], b: &[Quantity]) -> bool {
    let dimensions: BTreeSet<Dimension> = a.iter().map(|one| one.dimension).collect();
    dimensions.into_iter().any(|dimension| {
        let of = |figures: &[Quantity]| figures.iter().filter(|figure| figure.dimension == dimension).copied().collect::<Vec<_>>();
        let (left, right) = (of(a), of(b));
        if right.is_empty() {
            return false;
        }
        let alone =
            |these: &[Quantity], those: &[Quantity]| these.iter().filter(|one| !those.iter().any(|other| one.agrees(other))).count();
        let (left_alone, right_alone) = (alone(&left, &right), alone(&right, &left));
        let none_agrees = left_alone == left.len() && right_alone == right.len();
        none_agrees || (left.len() == right.len() && left_alone == 1 && right_alone == 1)
    })
}

/// Whether one names only days of closing that the other's days of opening leave out: the same hours, said the other way round.
fn rest_of_the_week(closed: &[Quantity], open: &[Quantity]) -> bool {
    let of = |figures: &[Quantity], dimension| figures.iter().filter(|figure| figure.dimension == dimension).copied().collect::<Vec<_>>();
    let (closed, open) = (of(closed, Dimension::ClosedDay), of(open, Dimension::Day));
    !closed.is_empty() && !open.is_empty() && !closed.iter().any(|shut| open.iter().any(|day| shut.low <= day.high && day.low <= shut.high))
}

/// Whether one text has one side of an opposition and the other text has the other side, neither both.
fn exclude(a: &str, b: &str) -> bool {
    OPPOSITES.iter().any(|(one, other)| {
        // The second side of a pair may contain the first ("不营业"), so it is looked for first.
        let side = |text: &str| {
            let second = other.is_match(text);
            let first = one.is_match(&other.replace_all(text, " "));
            (first, second)
        };
        matches!((side(a), side(b)), ((true, false), (false, true)) | ((false, true), (true, false)))
    })
}

static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    compiled(r"\b(?:it|that) depends\b|\bdepend(?:s|ing) on\b|\bvaries\b|视\p{Han}{0,8}而定|看\p{Han}{0,4}情况|不一定|因人而异")
});
static NEEDLESS: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\bno (?P<before>[a-z ]{3,24}?) (?:is |are )?(?:needed|required|necessary)\b|\b(?:dont|do not|neednt|need not|wont|no) (?:need|have|ask|require)(?: to| for| a| an| the| you| your)*\b(?P<behind>[a-z ]{0,24})|\b(?:even )?without (?:an? |the |your )(?:original )?(?P<without>[a-z]+)|\bno need (?:to |for )(?P<for>[a-z ]{3,30})|\bnobody (?:has|needs) to (?P<nobody>[a-z ]{3,20})|\bneednt (?P<neednt>[a-z ]{3,24})|(?:不用|不需要|无需|无须|不必|免)(?P<zh>\p{Han}{1,8})",
    )
});
static NEEDED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\b(?:only|must|need|needs|bring|requires?|provide|show|have to|has to)(?: \w+){0,5}? (?:with |to bring |in |a |an |the |your |its |original )+(?P<en>[a-z ]{3,40})|(?:需要|必须|要求|须|携带|带上|带好|提供|凭|出示|带)(?P<zh>\p{Han}{1,10})|\b(?:without|no) (?:an? |the |your )?(?P<else>[a-z ]{3,24}?),? (?:no|we cant|we cannot|not possible|you cant|you cannot)\b|(?:没有|没|无)(?P<otherwise>\p{Han}{2,14}?)(?:的话)?(?:是|就|则)?(?:没法|不能|无法|不予|不可|不让|办不了|不给)",
    )
});

/// What an answer asks for, and what it says is not needed.
fn needs(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let needless: BTreeSet<String> = NEEDLESS.captures_iter(text).flat_map(|found| words_of(&found)).collect();
    let rest = NEEDLESS.replace_all(text, " , ");
    let needed = NEEDED
        .captures_iter(&rest)
        .filter(|found| found.name("else").or(found.name("otherwise")).is_some() || !DENIAL.is_match(&found[0]))
        .flat_map(|found| words_of(&found))
        .collect();
    (needed, needless)
}

fn words_of(found: &regex::Captures<'_>) -> Vec<String> {
    found.iter().skip(1).flatten().flat_map(|part| content(part.as_str())).collect()
}

/// The words that a denial reaches.
fn scope(behind: &str) -> &str {
    let mut words = 0;
    let mut in_word = false;
    for (at, c) in behind.char_indices() {
        if c.is_ascii_alphanumeric() {
            if !in_word {
                words += 2;
            }
            in_word = true;
        } else {
            in_word = false;
            if c.is_alphanumeric() {
                words += 1;
            }
        }
        if words > 10 {
            return &behind[..at];
        }
    }
    behind
}

fn content(text: &str) -> Vec<String> {
    terms(text)
        .into_iter()
        .map(root)
        .filter(|term| !LIGHT.contains(&term.as_str()) && !term.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

/// One form for what the segmenter's stems leave apart: "cancell" is "cancel", "paid" is "pay".
fn root(term: String) -> String {
    const IRREGULAR: [(&str, &str); 10] = [
        ("paid", "pay"),
        ("sent", "send"),
        ("kept", "keep"),
        ("taken", "take"),
        ("took", "take"),
        ("given", "give"),
        ("bought", "buy"),
        ("lost", "lose"),
        ("brought", "bring"),
        ("held", "hold"),
    ];
    if let Some((_, present)) = IRREGULAR.iter().find(|(past, _)| *past == term) {
        return (*present).to_owned();
    }
    let bytes = term.as_bytes();
    match bytes {
        [.., a, b] if a == b && bytes.len() > 4 && b"lptnrmgdb".contains(b) => term[..term.len() - 1].to_owned(),
        _ => term,
    }
}

/// Which way an answer begins: with "可以", "不可以", "yes", "no" and the like, and nothing but politeness before it.
fn leading_modal(clause: &str) -> Option<(usize, bool)> {
    let polite = [
        "您好",
        "你好",
        "亲亲",
        "亲",
        "抱歉",
        "目前",
        "暂时",
        "暂",
        "这个",
        "这款",
        "当然",
        "sorry",
        "unfortunately",
        "of course",
        "hi",
        "hello",
        " ",
    ];
    let mut rest = clause;
    while let Some(after) = polite.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    let bare = |word: &str| {
        rest.strip_prefix(word).is_some_and(|after| {
            // "能"begins many words, and "no" is no "now".
            let follows = after.trim_start_matches(['的', '哦', '呢', '啊', '呀', '哈', '了', '滴']);
            follows.is_empty() || follows.starts_with(' ')
        })
    };
    MODALS.iter().enumerate().find_map(|(place, (yes, no))| {
        if no.iter().any(|word| bare(word)) { Some((place, false)) } else { yes.iter().any(|word| bare(word)).then_some((place, true)) }
    })
}

/// A pattern of this area's own sources.
#[expect(clippy::expect_used, reason = "the patterns are constants and the tests use every one")]
pub(super) fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opposed(a: &str, b: &str) -> bool {
        Claims::of(a).oppose(&Claims::of(b))
    }

    /// The pairs below `## conflict` and `## harmless` of a case file.
    fn cases(file: &str) -> Vec<(&str, &str, bool)> {
        let mut conflict = None;
        let mut cases = Vec::new();
        for line in file.lines() {
            match line {
                "## conflict" => conflict = Some(true),
                "## harmless" => conflict = Some(false),
                _ if line.is_empty() || line.starts_with('#') => {}
                _ => {
                    let (a, b) = line.split_once(" ||| ").expect("two answers");
                    cases.push((a, b, conflict.expect("a case stands below a heading")));
                }
            }
        }
        cases
    }

    #[test]
    fn contradictions_are_told_from_other_wordings() {
        for (file, least) in [
            (include_str!("../../tests/cases/contradiction/tuned.txt"), 0.97),
            (include_str!("../../tests/cases/contradiction/blind.txt"), 0.92),
            (include_str!("../../tests/cases/contradiction/longer.txt"), 0.80),
        ] {
            let cases = cases(file);
            let said = cases.iter().filter(|(a, b, _)| opposed(a, b)).count() as f64;
            let right = cases.iter().filter(|(a, b, conflict)| *conflict && opposed(a, b)).count() as f64;
            let is = cases.iter().filter(|(_, _, conflict)| *conflict).count() as f64;
            let wrong: Vec<_> = cases.iter().filter(|(a, b, conflict)| opposed(a, b) != *conflict).collect();
            let (precision, recall) = (right / said, right / is);
            assert!(precision >= least && recall >= least, "precision {precision:.3}, recall {recall:.3}; wrong: {wrong:#?}");
        }
    }

    #[test]
    fn how_long_ago_it_was_is_no_rule() {
        let late = "12号下单，到今天第10天了。现在的价保是7天，超出来了，这单没法退差。";
        assert!(!opposed(late, "16号下单到今天9天了，价保是7天，过了，补不了。"));
        assert!(opposed(late, "价保已经改成15天，您这单没法退的话我帮您看看。"));
        assert!(!opposed(
            "It has been 40 days, and returns close after 30 days.",
            "You bought it 5 weeks ago; returns close after 30 days."
        ));
        assert!(opposed("Returns close after 30 days.", "You bought it 5 weeks ago; returns close after 60 days."));
    }

    #[test]
    fn it_goes_both_ways() {
        for (a, b, _) in cases(include_str!("../../tests/cases/contradiction/tuned.txt")) {
            assert_eq!(opposed(a, b), opposed(b, a), "{a} / {b}");
        }
    }
}
