//! Amounts of money that tell about one person: what was refunded or charged, what is left on an account, exact to the cent.
//!
//! Most amounts stay, because prices, fees and limits are what customers ask for. An amount is personal when the words around it speak of a
//! payment, a refund or a balance and its figure is one that no price list has: of ten and more with cents that end neither in
//! 0 nor in 9, or of five digits and more without a round end.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?P<sign>(?:[¥￥€£]|(?:US|HK|NT|A|C)?\$|(?i:rmb|cny|usd|eur|gbp|hkd|aud|cad))[ ]?)?",
        r"(?P<whole>\d{1,3}(?:,\d{3}){1,3}|\d{1,9})(?:\.(?P<cents>\d{2}))?",
        r"(?P<unit>[ ]?(?:元|块钱?|人民币|美元|美金|港[币元]|欧元|英镑|(?i:rmb|cny|usd|eur|gbp|dollars?|euros?|pounds?)(?-u:\b)))?"
    ))
});

static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:余额|结余|实付|实收|应付|应收|应退|应还|已还|待还|还款|已退|退款|退还|退回|退了|退您|退给|返还|返现|到账|入账|扣款|扣除|扣费|扣了|多扣|少退|多收|多付|支付|付款|付了|转账|转入|转出|转了|汇款|打款|充值|充了|提现|取现",
        r"|欠款|欠费|欠缴|账单|额度|补差|差价|差额|赔付|赔偿|补偿|佣金|收入|工资|薪资|票价|票款|车费|房费|房款|房租|租金|货款|价款|尾款|话费|公积金|社保|理赔|结算|消费|交易|花了|合计|总额|总计|金额|到手|本金|利息|收益|扣减)[^\d。！？!?\n]{0,14}$",
        r"|(?i:(?-u:\b)(?:balance|refund(?:ed|s|ing)?|charged?|charges|charging|debit(?:ed|s)?|credit(?:ed|s)?|paid|pay(?:ment|ments|ing)?|ow(?:e|ed|es|ing)|due|outstanding|transfer(?:red|s)?|deposit(?:ed|s)?|withdr(?:aw|ew|awn|awal)",
        r"|overcharged?|reimburse[ds]?|reimbursement|compensat(?:ed|ion)|billed|bill|invoice[ds]?|total(?:l?ed|s)?|received|salary|income|earned|spent|claim|payout|settle[ds]?|settlement|amount(?:ed|s)?)(?-u:\b)[^\d!?\n]{0,34}$)"
    ))
});
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^[ ]?(?:已经?(?:原路)?(?:[退到转扣入付缴收]|支付)|的?(?:退款|余额|差价|欠款)|原路退|(?i:(?:has|have|had) been|was|were|will be (?:refunded|charged|credited|returned|taken)|refund|(?:in|to|into|from|on|onto) your))",
    )
});
/// A price per piece, hour or kilometre, or a share.
static RATE_BEHIND: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[ ]?(?:[/%％起]|每|一[个件次天月年位]|(?i:per|each|a (?:day|night|week|month|year)|off)(?-u:\b))"));

/// Finds amounts that belong to one person.
pub(super) fn personal(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&AMOUNT, text, |captures| {
        let found = captures.get(0)?;
        let whole: String = captures.name("whole")?.as_str().chars().filter(char::is_ascii_digit).collect();
        let cents = captures.name("cents").map(|cents| cents.as_str());
        let (before, behind) = (char_before(text, found.start()), char_after(text, found.end()));
        // The inside of a longer number, a version or a code.
        let cut = before.is_ascii_alphanumeric() || matches!(before, '.' | ',' | '-' | '/' | ':' | '#' | '_');
        let goes_on = behind.is_ascii_alphanumeric()
            || matches!(behind, '.' | ',' | '-' | ':') && text[found.end() + 1..].starts_with(|c: char| c.is_ascii_digit());
        if cut || goes_on || !is_exact(&whole, cents) || RATE_BEHIND.is_match(&text[found.end()..]) {
            return None;
        }
        let told = captures.name("sign").is_some() || captures.name("unit").is_some();
        let money = told || cents.is_some_and(|cents| !may_be_a_day(&whole, cents));
        let spoken_of = BEFORE.is_match(nearby(text, found.start())) || BEHIND.is_match(&text[found.end()..]);
        (money && spoken_of).then(|| (found.range(), MaskKind::Amount))
    })
}

/// Whether a figure without sign or unit may be month and day: "12.15".
fn may_be_a_day(whole: &str, cents: &str) -> bool {
    let within = |text: &str, most: u32| text.parse().is_ok_and(|number: u32| (1..=most).contains(&number));
    within(whole, 12) && within(cents, 31)
}

/// Whether no price list has such a figure, and few people do.
fn is_exact(whole: &str, cents: Option<&str>) -> bool {
    match cents {
        Some(cents) => whole.len() >= 2 && !cents.ends_with(['0', '9']),
        None => whole.len() >= 5 && !whole.ends_with("00") && !whole.ends_with(['8', '9']),
    }
}

/// The words in front of a position, of this line.
fn nearby(text: &str, position: usize) -> &str {
    let mut floor = position.saturating_sub(80);
    while !text.is_char_boundary(floor) {
        floor += 1;
    }
    let near = &text[floor..position];
    near.rsplit('\n').next().unwrap_or(near)
}
