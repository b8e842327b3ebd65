//! Which way an answer goes: does it say yes or no to what was asked, who pays, and which way is the only one?

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::contradiction::compiled;

/// What an answer's first sentences say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stance {
    /// Yes or no.
    pub yes: bool,
    /// Said in so many words, not only by what it goes on to explain.
    pub plainly: bool,
}

/// Sentences without a word on the matter.
static POLITE: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?:(?:您好|你好|亲+|亲爱的|尊敬的\p{Han}{1,6}|感谢\p{Han}{0,12}|谢谢\p{Han}{0,8}|让您久等了?|久等了?|收到|理解您\p{Han}{0,8}|哈喽|嗨|在的|hi|hello|hey|(?:hi|hello|hey) (?:there|lovely|dear|again|all|friend|everyone)|good (?:morning|afternoon|evening)|dear \w+|thanks?(?: you)? for[^,.!?]*|thanks|thank you|great question|good question|sorry (?:to hear|about|for) [^,.!?]*|dont worry|不用担心|别担心|请放心|[~\s哦哈呀啊呢]))+$",
    )
});
static SENTENCE: LazyLock<Regex> = LazyLock::new(|| compiled(r"[。！？!?\n;；]+|\.(?:\s|$)+|[,，~]"));
/// Sentences that leave it open.
static OPEN: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"depends?\b|varies|vary\b|differs? |case by case|视\p{Han}{0,8}而定|看\p{Han}{0,4}情况|不一定|因人而异|以\p{Han}{1,10}为准|具体|\bif\b|unless|如果|除非|的话|若|要是",
    )
});
static PLAIN_NO: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?:hi |hello |hey )?(?:no|nope|never)$|^no (?:sorry|im afraid|unfortunately|you|we|it|they|that|this)\b|\b(?:unfortunately|sorry|afraid|regrettably)\b.{0,60}\b(?:not|no|cannot|cant|dont|doesnt|isnt|arent|wont|unable|only)\b|\b(?:isnt|arent|is not|are not|not) (?:possible|available|allowed|permitted|accepted|included|offered|supported|covered|refundable|able)\b|\b(?:cant|cannot|wont|not)\b.{0,60}\b(?:im afraid|unfortunately|sorry)$|\b(?:is|are) excluded\b|\b(?:discontinued|prohibited|forbidden|non-?refundable|no longer|not any more|strictly no|under no circumstances)\b|^no (?:animals?|pets?|dogs?|children|food|drinks?|guests?|visitors?|refunds?|returns?|exchanges?|exceptions?|cash|cards?|walk-?ins?|smoking|entry|access)\b|\bwe (?:dont|do not|cant|cannot|no longer|only)\b|(?:抱歉|不好意思|遗憾|对不起).{0,30}(?:不|没|无法|违禁)|不退|不换|一律不|一概不|概不|谢绝|禁止|严禁|不可以|不能|不行|不支持|不接受|不提供|不允许|不得|不收|不接|不予|无法|没法|违禁|取消了|停止|停用|停办|不再|没有这|没有的|^没有|\p{Han}不了",
    )
});
/// What was offered once.
static GIVEN_UP: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"停用|停办|停止|取消了|不再|\b(?:discontinued|no longer|not any more|stopped)\b"));
static PLAIN_YES: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"^(?:hi |hello |hey )?(?:yes|yep|yeah|yup|sure|certainly|absolutely|definitely|of course)\b|\b(?:we (?:sure )?do|no problem|happy to|more than welcome|very welcome|are welcome|is welcome|of course you can|is (?:included|available|possible|allowed|fine)|are (?:included|available|possible|allowed|fine)|comes with|is no problem)\b|^(?:当然|是的|对的|有的|能的|会的|行的|没问题)|可以的|(?:可以|能|支持)\p{Han}{0,4}(?:的|哦|呢|哈|呀)?$|欢迎",
    )
});
static YES: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\b(?:you can|you may|can be|we (?:can|accept|offer|support|ship|deliver|provide|take|have)|feel free)\b|可以|支持|能够|允许|提供|都能|能\p{Han}",
    )
});
static NO: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"\b(?:not|no|cannot|cant|dont|doesnt|isnt|arent|wont|unable|without|never)\b|不|没|无|未|别"));

/// Which way an answer goes by its first two sentences about the matter; `None` where it does not say or leaves it open. `text` is folded, without
/// apostrophes and without phrases whose negation denies nothing.
pub(super) fn stance(text: &str) -> Option<Stance> {
    let mut lead = SENTENCE.split(text).map(str::trim).filter(|sentence| !sentence.is_empty() && !POLITE.is_match(sentence));
    let sentences: Vec<&str> = lead.by_ref().take(2).collect();
    let first = sentences.first()?;
    // An apology belongs to what follows it.
    let joined = sentences.join(" ");
    if OPEN.is_match(&joined) {
        return None;
    }
    if PLAIN_YES.is_match(first) && !NO.is_match(first) {
        return Some(Stance { yes: true, plainly: true });
    }
    if PLAIN_NO.is_match(first) || (is_apology(first) && PLAIN_NO.is_match(&joined)) {
        return Some(Stance { yes: false, plainly: true });
    }
    let regretted = sentences.get(1).is_some_and(|second| is_apology(second)) && NO.is_match(first);
    if regretted || sentences.get(1).is_some_and(|second| GIVEN_UP.is_match(second)) {
        return Some(Stance { yes: false, plainly: true });
    }
    if sentences.iter().any(|sentence| PLAIN_YES.is_match(sentence) && !NO.is_match(sentence)) && !NO.is_match(&joined) {
        return Some(Stance { yes: true, plainly: true });
    }
    if YES.is_match(first) && !NO.is_match(first) && !first.contains("只能") && !first.contains("only") {
        return Some(Stance { yes: true, plainly: false });
    }
    None
}

fn is_apology(sentence: &str) -> bool {
    ["抱歉", "不好意思", "对不起", "sorry", "unfortunately", "afraid", "遗憾"].iter().any(|word| sentence.contains(word))
}

static PAYER: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:paid|settled|covered|borne|met|payable|reimbursed)\s+(?:for\s+)?by\s+(?:the\s+|our\s+)?(?P<by>[a-z]+)|(?P<who>we|you|tenants?|landlords?|buyers?|sellers?|customers?|guests?|senders?|recipients?|employers?|employees?|insurers?|patients?|the company|owners?)\s+(?:will\s+|would\s+|have to\s+|need to\s+|must\s+)?(?:always\s+)?(?:pays?|covers?|bears?|settles?|foots?)\b|(?P<care>tenant|landlord|hr|payroll|finance|the bank|manufacturer|owner|school|parents?)(?:\s+team|\s+department)?\s+(?:handles|looks? after|takes? care|is responsible|are responsible|arranges?|organi[sz]es?)\b|(?P<got>we)(?:ve)?(?: have)? got .{0,40}\bcovered|(?:done|handled|arranged|dealt with|organi[sz]ed) by (?:the |our )?(?P<doer>[a-z]+)|at (?P<whose>your|our)(?: own)? (?:expense|cost)|(?P<on>on us)\b|(?P<zh>您|买家|客户|顾客|自己|自行|个人|我们|我司|商家|卖家|店家|店铺|平台|我方|本店|公司|租客|租户|房东|业主|寄件人|收件人|物业|学员|家长|学校|企业|单位|员工|用户|双方)(?:这边|方|自己|来|全部|全额|都|负责|自行|需要|需|要)*(?:承担|出|付|负担|支付|垫付|缴纳|买单)|(?P<self>自理|自付|自费|到付)|(?P<free>包邮)",
    )
});

/// Who pays, as far as an answer says so; the customer and the company each under one name.
pub(super) fn payers(text: &str) -> BTreeSet<String> {
    let party = |word: &str| match word {
        "you" | "your" | "buyer" | "customer" | "guest" | "patient" | "recipient" | "您" | "买家" | "客户" | "顾客" | "自己" | "自行"
        | "个人" | "自理" | "自付" | "自费" | "到付" | "用户" | "学员" => "customer".to_owned(),
        "on u" | "u" | "we" | "us" | "our" | "on us" | "seller" | "company" | "the company" | "我们" | "我司" | "商家" | "卖家"
        | "店家" | "店铺" | "平台" | "我方" | "本店" | "公司" | "包邮" => "company".to_owned(),
        other => other.to_owned(),
    };
    PAYER
        .captures_iter(text)
        .filter(|found| {
            !found[0].contains("垫付")
                && !matches!(
                    found.name("by").map(|by| by.as_str()),
                    Some("card" | "cash" | "bank" | "debit" | "credit" | "invoice" | "direct" | "a" | "check" | "cheque")
                )
        })
        .filter_map(|found| {
            found
                .iter()
                .skip(1)
                .flatten()
                .next()
                .map(|word| party(word.as_str().strip_suffix('s').filter(|stem| stem.len() > 3).unwrap_or(word.as_str())))
        })
        .collect()
}

/// Ways to get something done, each as it is called.
static WAYS: LazyLock<Vec<(Regex, Regex)>> = LazyLock::new(|| {
    let way = |zh_en: &str| {
        let only = format!(
            r"(?:只能|仅限|只可以|必须|须|只支持|仅支持|只接受|统一|一律|只有).{{0,12}}(?:{zh_en})|\bonly\b.{{0,40}}\b(?:{zh_en})|\b(?:{zh_en})\s+only\b|\bmust be\b.{{0,30}}\b(?:{zh_en})|\bneed an? .{{0,20}}\b(?:{zh_en})"
        );
        (compiled(&format!(r"(?:{zh_en})")), compiled(&only))
    };
    vec![
        way(
            r"\bapp\b|手机银行|手机上|手机端|小程序|公众号|线上|网上|网页|官网|自助|online|website|web ?site|portal|self-service|download|in your account",
        ),
        way(
            r"柜台|门店|线下|窗口|前台|现场|营业厅|网点|本人到场|本人(?:来|去|前来|到)|in person|counter|branch|front desk|in[- ]store|in (?:one of )?our (?:shops?|stores?)|reception|at the desk|on site",
        ),
        way(r"电话|热线|来电|拨打|by phone|over the phone|hotline|call (?:us|the)|phone line|telephone"),
        way(r"邮件|邮箱|e-?mail"),
        way(r"现金|cash"),
        way(r"刷卡|银行卡|信用卡|cards?\b|credit card|debit card"),
        way(r"邮寄|快递|寄(?:给|到|过去|送)|by post|by mail|courier|posted to"),
        way(r"预约|by appointment|appointment|booking|reservation"),
        way(r"walk-?ins?\b|直接来|随到随|先到先得|现场排队"),
    ]
});

/// A way that is not needed or does not work.
static DENIED_WAY: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?:不用|无需|不必|不需要|免)\p{Han}{0,5}|\bno need to \w+(?: \w+){0,3}|(?:线上|线下|网上|电话|柜台|门店|网点)(?:渠道|这边|目前|现在|暂时){0,3}(?:办不了|不能|无法|不支持|不可以|没法|不受理)",
    )
});

/// Whether one text knows one way only and the other names others but not that one.
pub(super) fn only_way_differs(a: &str, b: &str) -> bool {
    // "You needn't go to the counter" names no way.
    let (a, b) = (&*DENIED_WAY.replace_all(a, " "), &*DENIED_WAY.replace_all(b, " "));
    let named = |text: &str| WAYS.iter().map(|(way, _)| way.is_match(text)).collect::<Vec<_>>();
    let (named_a, named_b) = (named(a), named(b));
    let only = |text: &str, own: &[bool], other: &[bool]| {
        let one = WAYS.iter().position(|(_, only)| only.is_match(text));
        one.is_some_and(|way| !other[way] && (0..WAYS.len()).any(|at| other[at] && !own[at]))
    };
    only(a, &named_a, &named_b) || only(b, &named_b, &named_a)
}
