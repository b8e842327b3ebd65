//! Values named by the words in front of them: order numbers, identity documents, cards, accounts.
//!
//! [`strict`] runs early and trusts only a label that touches its value; [`loose`] runs after the telephone numbers and allows a
//! few words in between.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, checksum, patterns, phones, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// A code: letters and figures, with single dashes or blanks between groups of figures.
const CODE: &str = r"(?P<value>\d{3,6}(?: \d{3,6}){1,5}|[A-Za-z0-9](?:[A-Za-z0-9]|[-_/][A-Za-z0-9]){3,47})";

/// What may stand between a label and its value without changing the meaning.
const COLON: &str = r#"[ ]{0,2}(?:是|为|叫)?[ ]?(?:[:=#→"“「【(]|-{1,2})?[ ]{0,2}(?:是|为|[#"“「【])?[ ]?"#;
const COLON_EN: &str = r#"[ ]{0,2}(?:is|was|are|will be)?[ ]?(?:[:=#"“(]|-{1,2})?[ ]{0,2}[#"“]?"#;

const ORDER_ZH: &str = concat!(
    r"(?:(?:订单|定单|运单|快递单?|物流单?|单据|流水|交易|发票|工单|车票|机票|票|预订|预约|预定|确认|参考|保单|合同|包裹|退款单?|退货单?|售后单?|换货单?|受理单?|投诉单?",
    r"|案件|报修单?|维修单?|服务单|采购单?|支付单?|付款单?|取票|跟踪|追踪|寄件|提货|报名|挂号|病历|学号|学员|报案|理赔)(?:编号|号码|单号|号|(?i:id|no\.?))(?:码)?|单号|学号)"
);
const ORDER_ZH_BARE: &str = r"(?:订单|定单|运单|快递单|快递|工单|包裹)";
const ORDER_EN: &str = concat!(
    r"(?:(?:purchase order|order|tracking|reference|ref|invoice|booking|confirmation|ticket|case|transaction|shipment|parcel|package|receipt|return|refund",
    r"|rma|policy|claim|consignment|reservation|waybill|awb|delivery|shipping|service request|quote|contract|po|request|complaint|incident)",
    r"[ ]?(?:no\.?|number|num\.?|nr\.?|id|#|ref(?:erence)?\.?)|(?:confirmation|booking|tracking|reservation) code)"
);
const ORDER_EN_BARE: &str =
    r"(?:order|ref|reference|tracking|invoice|booking|ticket|case|transaction|shipment|parcel|rma|waybill|po|reservation|confirmation)";

static ORDER: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:(?P<sure>{ORDER_ZH}){COLON}|(?P<bare>{ORDER_ZH_BARE}){COLON}|(?i:(?P<sure_en>{ORDER_EN}){COLON_EN}|(?P<bare_en>{ORDER_EN_BARE}){COLON_EN})){CODE}"
    ))
});

static ID_DOCUMENT: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:身份证件?(?:号码|号)?|证件号码?|居民证号?|(?i:id card|identity card|national id|id number|id no\.?|nric|hkid|ssn|social security)(?i: number| no\.?)?){COLON}(?i:is )?(?P<value>[A-Za-z]{{0,2}}\d[\d -]{{4,20}}[\dXx](?:\([0-9A]\))?)"
    ))
});

static PASSPORT: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:护照(?:号码|号)?|通行证(?:号码|号)?|回乡证(?:号码|号)?|台胞证(?:号码|号)?|(?i:passport)(?i: number| no\.?| num)?){COLON}(?i:is )?[ ]?(?P<value>[A-Za-z0-9]{{6,12}})"
    ))
});

static BANK_CARD: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:银行卡号?码?|卡号|银行账号|银行帐号|收款账号|对公账户|对公账号|储蓄卡号?|信用卡号?|借记卡号?|卡|(?i:card (?:number|no\.?)|credit card|debit card|bank card|account (?:number|no\.?)|iban|sort code))(?i: number| no\.?)?{COLON}(?i:is )?[ ]?(?P<value>[A-Za-z]{{0,2}}\d[\dA-Z -]{{4,30}}\d)"
    ))
});

static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| {
    let zh = concat!(
        r"微信号|微信账号|微信id|微信ID|微信|薇信|威信|v信|V信|加v|加V|扣扣号?|企鹅号|旺旺号?|旺旺ID|支付宝账号|支付宝号|支付宝|淘宝账号|淘宝ID|京东账号|抖音号|抖音账号|小红书号|快手号",
        r"|用户名|登录名|登录账号|登录ID|会员名|买家ID|卖家ID|买家|卖家|加我|ID是|会员账号|会员卡号|会员卡|会员编号|会员号|会员ID|会员|客户编号|客户号|用户ID|用户编号|用户|账号|帐号|账户|账户名|昵称|工号|户号|宽带账号|学籍号"
    );
    let en = concat!(
        r"add me(?: on (?:wechat|telegram|line|skype|qq))?|handle|screen name|nickname|wechat(?: id)?|weixin|wx(?:id)?|vx|qq|line id|telegram|skype(?: id)?|user ?name|user ?id|login(?: name| id)?|account(?: id| name| number| no\.?)?",
        r"|(?:customer|member|membership|client|loyalty|subscriber|employee|student|patient|user)[ ]?(?:id|no\.?|number|#)|paypal|alipay|instagram|insta|ig|discord|user"
    );
    regex(&format!(
        r"(?:(?P<zh>{zh})|(?i:(?P<en>{en})))(?P<colon>号码|号|账号|(?i:id)(?-u:\b))?(?P<gap>{COLON}(?i:is )?[ ]?)(?P<value>@?[A-Za-z0-9][A-Za-z0-9_.-]{{3,30}}[A-Za-z0-9])"
    ))
});

/// Finds values that touch their label.
pub(super) fn strict(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = scan(&ID_DOCUMENT, text, |captures| {
        let value = bordered_value(text, captures)?;
        let digits = value.as_str().bytes().filter(u8::is_ascii_digit).count();
        (digits >= 7).then(|| (value.range(), MaskKind::IdCard))
    });
    hits.extend(scan(&PASSPORT, text, |captures| {
        let value = bordered_value(text, captures)?;
        let digits = value.as_str().bytes().filter(u8::is_ascii_digit).count();
        (digits >= 5 && !checksum::is_date(value.as_str())).then(|| (value.range(), MaskKind::Passport))
    }));
    hits.extend(scan(&BANK_CARD, text, |captures| {
        let value = bordered_value(text, captures)?;
        let digits = value.as_str().bytes().filter(u8::is_ascii_digit).count();
        let is_mobile = digits == 11 && value.as_str().starts_with('1') && value.as_str().len() == 11;
        if digits < 6 || is_mobile || checksum::is_date(value.as_str()) || phones::followed_by_unit(text, value.end()) {
            return None;
        }
        Some((value.range(), if (15..=19).contains(&digits) { MaskKind::BankCard } else { MaskKind::Account }))
    }));
    let orders = scan(&ORDER, text, |captures| order_hit(text, captures));
    for hit in orders {
        let more = listed_after(text, &hit.0);
        hits.push(hit);
        hits.extend(more);
    }
    hits.extend(scan(&ACCOUNT, text, |captures| account_hit(text, captures)));
    hits
}

fn bordered_value<'t>(text: &'t str, captures: &Captures<'t>) -> Option<regex::Match<'t>> {
    let label = captures.get(0)?;
    let value = captures.name("value")?;
    let label_inside_word =
        label.as_str().starts_with(|c: char| c.is_ascii_alphabetic()) && char_before(text, label.start()).is_ascii_alphanumeric();
    (!label_inside_word && !char_after(text, value.end()).is_ascii_alphanumeric()).then_some(value)
}

fn order_hit(text: &str, captures: &Captures<'_>) -> Option<Hit> {
    let value = bordered_value(text, captures)?;
    let label = captures.get(0)?;
    let code = value.as_str();
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    let linked = text[label.start()..value.start()].contains(':') && captures.name("bare_en").is_some();
    let sure =
        linked || captures.name("sure").is_some() || captures.name("sure_en").is_some() || text[label.start()..value.start()].contains('#');
    let separated = !char_before(text, value.start()).is_ascii_alphanumeric();
    let groups: Vec<&str> = code.split('-').collect();
    let written_date = groups.len() >= 2 && groups.iter().all(|group| group.len() <= 4) && patterns::is_written_date(&groups);
    if !separated || written_date || phones::followed_by_unit(text, value.end()) && digits < 9 {
        return None;
    }
    let fits = if sure {
        digits >= 4 || (digits >= 2 && code.len() >= 6 && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
    } else {
        let mixed = digits < code.len();
        (digits >= 6 || (digits == 5 && !mixed && captures.name("bare_en").is_some())) && !checksum::is_date(code) && !is_model(code)
    };
    let code_end = trim_after_blank(code, digits);
    fits.then(|| (value.start()..value.start() + code_end, MaskKind::OrderNo))
}

/// Groups joined by blanks are one number only when there is nothing but figures; returns the length to take.
fn trim_after_blank(code: &str, digits: usize) -> usize {
    if digits == code.bytes().filter(|b| *b != b' ').count() { code.len() } else { code.find(' ').unwrap_or(code.len()) }
}

fn is_model(code: &str) -> bool {
    code.bytes().take_while(u8::is_ascii_lowercase).count() >= 3
}

static LIST_NEXT: LazyLock<Regex> = LazyLock::new(|| regex(r"^ ?(?:[、,，/;；&]|和|及|与|还有|and) ?([A-Za-z0-9-]{4,40})"));

/// Further numbers of the same shape in a list behind the first.
fn listed_after(text: &str, first: &std::ops::Range<usize>) -> Vec<Hit> {
    let shape = |code: &str| -> String { code.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect() };
    let wanted = shape(&text[first.clone()]);
    let mut hits = Vec::new();
    let mut end = first.end;
    while let Some(captures) = LIST_NEXT.captures(&text[end..]) {
        let Some(code) = captures.get(1) else { break };
        if shape(code.as_str()) != wanted {
            break;
        }
        hits.push((end + code.start()..end + code.end(), MaskKind::OrderNo));
        end += code.end();
    }
    hits
}

fn account_hit(text: &str, captures: &Captures<'_>) -> Option<Hit> {
    let value = bordered_value(text, captures)?;
    let code = value.as_str();
    let label = captures.name("zh").or_else(|| captures.name("en"))?.as_str();
    let gap = captures.name("gap")?.as_str();
    let named = captures.name("colon").is_some()
        || label.ends_with(['号', '名'])
        || label.to_ascii_lowercase().ends_with("id")
        || label.ends_with("number");
    let linked = gap.contains([':', '=', '是', '为', '#']) || gap.contains("is");
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    let letters = code.bytes().filter(u8::is_ascii_alphabetic).count();
    if char_before(text, value.start()).is_ascii_alphanumeric() {
        return None;
    }
    if digits == 11 && letters == 0 && code.starts_with('1') {
        return Some((value.range(), MaskKind::Phone));
    }
    let short_label = matches!(label.to_ascii_lowercase().as_str(), "wx" | "vx" | "qq" | "wxid" | "加v" | "v信" | "薇信" | "威信");
    let identifying = digits >= 3
        || (digits == 2 && letters >= 3 && (named || linked))
        || code.contains('_')
        || (linked && (named || short_label) && letters >= 5);
    let handle = captures.name("zh").is_some() && letters >= 3 && digits >= 3 && code.starts_with(|c: char| c.is_ascii_alphabetic())
        || letters >= 3 && code.trim_matches('_').contains('_') && code.bytes().any(|b| b.is_ascii_lowercase())
        || letters >= 3
            && digits >= 2
            && (captures.name("en").is_some() || named || linked)
            && code.starts_with(|c: char| c.is_ascii_lowercase());
    let membership = captures.name("en").is_some() && letters == 0 && digits >= 6;
    let evidence = linked || named || short_label || handle || membership;
    let numeric_amount = letters == 0 && (digits < 5 || phones::followed_by_unit(text, value.end()) || checksum::is_date(code));
    let version = code.contains('.') && letters == 0;
    let plain_word = digits == 0
        && (code.bytes().all(|b| b.is_ascii_lowercase()) || label.is_ascii())
        && !code.contains('_')
        && !(linked && short_label);
    (evidence && identifying && !numeric_amount && !version && !(plain_word && label.is_ascii()))
        .then(|| (value.range(), MaskKind::Account))
}

static ORDER_LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?:订单编?号?|定单号?|运单号?|快递单?号?|单号|物流单?号?|工单号?|包裹号?|流水号|票号|保单号?|(?i:order|tracking|ticket|case|invoice|booking|reference)(?i: number| no\.?| id)?)",
        r"[^\dA-Za-z\x01\n，。！？,.!?;；]{0,8}(?P<filler>[a-z' ]{0,14}?)(?P<value>[A-Za-z]{0,4}\d{6,30})"
    ))
});

/// Finds order numbers a few words behind their label.
pub(super) fn loose(view: &View) -> Vec<Hit> {
    let text = view.text();
    scan(&ORDER_LOOSE, text, |captures| {
        let value = bordered_value(text, captures)?;
        let code = value.as_str();
        let separated = !char_before(text, value.start()).is_ascii_alphanumeric();
        let money = matches!(char_before(text, value.start()), '¥' | '￥' | '$' | '€' | '£');
        let harmless = checksum::is_date(code)
            || checksum::is_date_time(code)
            || phones::followed_by_unit(text, value.end())
            || phones::is_hotline(code) && code.len() > 9;
        (separated && !money && !harmless).then(|| (value.range(), MaskKind::OrderNo))
    })
}
