//! Whether two answers to one question can both be right, as far as their words show it.
//!
//! Three signs, in Chinese and English: figures of one kind that have nothing in common (7 days, 15 days; free, 10 yuan), something that one
//! affirms and the other denies ("可以机洗", "不可以机洗"), and a pair of opposites ("open", "closed"). Silent where in doubt: an answer that says
//! more, speaks of another case ("if …") or merely is worded in the negative contradicts nothing. Whether the two are about the same thing at
//! all is for the caller to know.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::quantity::{Quantity, quantities};
use crate::text::normalise::fold;
use crate::text::segment::terms;

/// Polite or fixed phrases with a negation that denies nothing, and comparisons that are figures, not denials.
static NO_DENIAL: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"没问题|没有问题|没关系|没有关系|没事|不客气|不好意思|不用谢|不要紧|不用担心|不必担心|别担心|别着急|不用着急|不着急|不急|不用客气|不超过|不少于|不低于|不高于|不多于|不足|不满|不到|不得超过|不要超过|不同|不过|不仅|不但|不止|不管|不论|无论|不妨|差不多|了不起|对不起|不久|不错|是不是|能不能|可不可以|有没有|要不要|会不会|不喜欢|不想要|不合适|不满意|不方便|不清楚|不知道|不需要的话|非常|除非|并非常|无理由|无忧|无条件|no problem|not a problem|no worries|don'?t worry|not at all|no later than|not only|not more than|no more than|not less than|not to worry|do not worry|no hurry|no rush|don'?t hesitate|do not hesitate|not sure|don'?t know|sorry it was not|why not|if not|or not",
    )
});

static THOUSANDS: LazyLock<Regex> = LazyLock::new(|| compiled(r"(\d),(\d{3})"));

/// Clauses that name the case an answer is for; what they say is not claimed.
static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^\s*(?:如果|若|要是|如|倘若|万一|假如|只要|除非|一旦|非质量|if\b|unless\b|in case\b|when\b|once\b|should you\b|as long as\b|provided\b)|的话$|的情况下$|(?:if|unless|in case) .{0,40}$",
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

/// Words and phrases of which one excludes the other.
static OPPOSITES: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let pair = |one: &str, other: &str| (compiled(one), compiled(other));
    vec![
        pair(r"过期|失效|清零", r"永久|长期有效|一直有效|终身有效|不过期|不会过期|不失效|不清零"),
        pair(r"营业|开门|上班|照常", r"休息|关门|不营业|不开门|不上班|放假|歇业"),
        pair(r"有现货|现货|有货", r"缺货|断货|没货|无货|没有现货|售罄|卖完|预售"),
        pair(
            r"(?:买家|客户|顾客|您|自行|个人)(?:这边|自己)?(?:来)?(?:承担|出|付|负担|支付)|自理|自付",
            r"(?:我们|商家|卖家|店家|店铺|平台|我方|本店)(?:这边)?(?:来)?(?:承担|出|付|负担|支付)|包邮",
        ),
        pair(r"\bopen(?:s|ed)?\b", r"\bclosed?\b|\bnot open\b|\bshut\b"),
        pair(r"\bin stock\b|\bavailable\b", r"\bout of stock\b|\bsold out\b|\bunavailable\b|\bnot (?:in stock|available)\b"),
        pair(r"\bexpires?\b", r"\bnever expires?\b|\bdo(?:es)? ?n[o']?t expire\b|\bvalid forever\b"),
        pair(r"\brequired\b|\bmandatory\b|\bmust\b", r"\boptional\b|\bnot required\b|\bvoluntary\b"),
        pair(
            r"\bpossible\b|\ballowed\b|\bpermitted\b",
            r"\bimpossible\b|\bforbidden\b|\bprohibited\b|\bnot (?:possible|allowed|permitted)\b",
        ),
        pair(
            r"\byou pay\b|\bat your (?:own )?expense\b|\bpaid by (?:you|the buyer|the customer)\b",
            r"\bwe pay\b|\bat our expense\b|\bon us\b|\bwe cover\b|\bpaid by us\b",
        ),
    ]
});

/// What an answer claims.
struct Claims {
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
}

impl Claims {
    fn of(text: &str) -> Self {
        let folded = fold(text).replace(['\'', '’'], "");
        // A comma inside a number ends no clause.
        let whole = THOUSANDS.replace_all(&folded, "$1\u{2}$2");
        let plain = NO_DENIAL.replace_all(&whole, " ").into_owned();
        let (mut denied, mut affirmed, mut conditional) = (BTreeSet::new(), BTreeSet::new(), false);
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
                continue;
            }
            kept.push_str(&clause.replace('\u{2}', ","));
            kept.push_str(" , ");
            if modal.is_none() {
                modal = leading_modal(clause);
            }
            match DENIAL.find(clause) {
                Some(denial) => denied.extend(content(scope(&clause[denial.end()..]))),
                None => affirmed.extend(content(clause)),
            }
        }
        Self { figures: quantities(&kept), folded: kept, denied, affirmed, modal, conditional }
    }

    /// Whether this one denies what the other affirms.
    fn denies(&self, other: &Self) -> bool {
        self.denied.iter().any(|word| other.affirmed.contains(word) && !other.denied.contains(word) && !self.affirmed.contains(word))
    }
}

/// Whether two answers to the same question state figures, permissions or facts that exclude each other.
#[must_use]
pub(super) fn opposed(a: &str, b: &str) -> bool {
    let (a, b) = (Claims::of(a), Claims::of(b));
    if figures_differ(&a.figures, &b.figures) {
        return true;
    }
    // What holds in one case and what holds in another do not exclude each other.
    if a.conditional != b.conditional {
        return false;
    }
    let opposite_modals = matches!((a.modal, b.modal), (Some((one, yes)), Some((other, no))) if one == other && yes != no);
    opposite_modals || a.denies(&b) || b.denies(&a) || exclude(&a.folded, &b.folded)
}

/// Whether for some dimension both state figures and none of one agrees with any of the other.
fn figures_differ(a: &[Quantity], b: &[Quantity]) -> bool {
    a.iter().any(|one| {
        let mut same = b.iter().filter(|other| other.dimension == one.dimension).peekable();
        same.peek().is_some()
            && !a.iter().filter(|left| left.dimension == one.dimension).any(|left| b.iter().any(|right| left.agrees(right)))
    })
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
    terms(text).into_iter().filter(|term| !LIGHT.contains(&term.as_str()) && !term.starts_with(|c: char| c.is_ascii_digit())).collect()
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

#[expect(clippy::expect_used, reason = "the patterns are constants of this file and the tests use every one")]
fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern compiles")
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn it_goes_both_ways() {
        for (a, b, _) in cases(include_str!("../../tests/cases/contradiction/tuned.txt")) {
            assert_eq!(opposed(a, b), opposed(b, a), "{a} / {b}");
        }
    }
}
