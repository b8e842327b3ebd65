//! Which value a placeholder asks for: words around it tell an order number from a tracking number, and the customer's own telephone number
//! from the courier's.
//!
//! A reply of the archive holds placeholders for the values of two people, the customer and whoever answered, and for several values of one
//! kind. Filling one with the wrong value of the right customer is no leak, but it is a wrong reply; so whatever the words around a
//! placeholder do not make sure stays open, and the agent fills it. Pure functions; the lists of words are Chinese and English.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::mask::MaskKind;

/// What a value is within its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sort {
    /// The usual one of its kind: an order number, the customer's own telephone number.
    Usual,
    /// The number of a parcel.
    Tracking,
    /// The number of a complaint, a ticket, a repair, a return, a payment.
    Case,
    /// What was or will be given back.
    Refund,
    /// What is left on an account.
    Balance,
    /// What was taken or is owed.
    Charge,
}

fn regex(pattern: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants of this file and every one is exercised by the tests")]
    Regex::new(pattern).expect("a constant pattern compiles")
}

/// Characters of context that are looked at on either side.
const REACH: usize = 48;

static TRACKING: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:快递|运单|物流|包裹|邮件|面单|寄件|顺丰|圆通|中通|申通|韵达|极兔|京东物流|德邦|ems)(?:单|编|追踪)?号?码?[^\d，。！？；\n]{0,6}$|(?:tracking|waybill|airway bill|consignment|parcel|shipment|ups|fedex|dhl|usps|royal mail)[^.!?;\n]{0,24}$",
    )
});
static TRACKING_FORM: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(?i:(?:SF|YT|YTO|ZTO|STO|YD|JT|JDV|JDX|EMS|DPK|HTKY|DHL|UPS|FDX)[A-Z]{0,3}\d{6,}|1Z[A-Z0-9]{14,})$"));
static CASE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:工单|投诉|受理|报修|维修|服务|售后|退货|退款|换货|退换|申请|流水|交易|支付|案件|理赔|发票|合同|保单|预约|预订|排队|取件|取货|序列|会员)(?:单|编|凭证|查询)*(?:号|码)[^，。！？；\n]{0,6}$|(?:ticket|case|complaint|claim|return|rma|refund|reference|ref|transaction|payment|invoice|booking|reservation|confirmation|policy|repair|incident|serial|member(?:ship)?)(?: (?:number|no|id|code|reference))?[ .:#]{0,4}(?:is|was|=)?[ :#]{0,3}$",
    )
});
static ORDER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)订单|訂單|\border"));
static REFUND: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?i)退|返还|返现|赔|补偿|补差|refund|reimburs|credited|compensat|given back|money back"));
static BALANCE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)余额|结余|剩余|可用|额度|balance|available|left on|remaining|limit"));
static CHARGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)扣|付|缴|欠|还款|应还|账单|消费|交易|花|充值|转|汇|收了|多收|charg|paid|pay|debit|bill|owe|due|spent|transfer|deposit|withdr|total|invoice",
    )
});

/// What a value is, by the words around it and, for a value that is known, by its form.
pub(super) fn sort(kind: MaskKind, value: Option<&str>, before: &str, after: &str) -> Sort {
    let before = sentence_before(before);
    match kind {
        MaskKind::OrderNo | MaskKind::Account => {
            let label = clause(before);
            let by_form = || value.is_some_and(|value| TRACKING_FORM.is_match(value));
            if CASE.is_match(label) {
                Sort::Case
            } else if (TRACKING.is_match(label) && !ORDER.is_match(last_chars(label, 10))) || (!ORDER.is_match(label) && by_form()) {
                Sort::Tracking
            } else {
                Sort::Usual
            }
        }
        MaskKind::Amount => {
            let behind = after.split(['，', ',', '。', '.', '；', ';', '\n']).next().unwrap_or("");
            let near = [clause(before), first_chars(behind, 16)].concat();
            match (REFUND.is_match(&near), BALANCE.is_match(&near), CHARGE.is_match(&near)) {
                (true, ..) => Sort::Refund,
                (_, true, _) => Sort::Balance,
                (_, _, true) => Sort::Charge,
                (false, false, false) => Sort::Usual,
            }
        }
        MaskKind::Phone
        | MaskKind::IdCard
        | MaskKind::Passport
        | MaskKind::BankCard
        | MaskKind::Email
        | MaskKind::Plate
        | MaskKind::Address
        | MaskKind::Name
        | MaskKind::Url => Sort::Usual,
    }
}

/// Whether the placeholder between `before` and `after` surely stands for a value of the customer.
pub(super) fn is_the_customers(kind: MaskKind, before: &str, after: &str) -> bool {
    match kind {
        // A link leads where the other conversation needed it to lead.
        MaskKind::Url => false,
        MaskKind::Name => addresses_the_customer(before, after),
        MaskKind::Phone
        | MaskKind::IdCard
        | MaskKind::Passport
        | MaskKind::BankCard
        | MaskKind::Email
        | MaskKind::OrderNo
        | MaskKind::Plate
        | MaskKind::Address
        | MaskKind::Account
        | MaskKind::Amount => !is_somebody_elses(kind, clause(before), after),
    }
}

static STAFF_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:我是|我叫|我姓|这里是|这边是|客服|专员|坐席|顾问|经理|工程师|管家|快递员|骑手|司机|师傅|配送员|店员|店长|导购|技师|同事|老师|医生|教练|联系|转给|转接|找|由|my name is|this is|i am|i'm|it's|ask for|speak (?:to|with)|contact|agent|manager|advisor|driver|courier|technician|colleague|assigned to|served by|looked after by)[ :：]{0,2}$",
    )
});
static GREETED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:尊敬的|亲爱的|您好|你好|早上好|上午好|中午好|下午好|晚上好|嗨|哈喽|感谢|谢谢|抱歉|不好意思|好的|客户|用户|会员|\bhi|\bhello|\bhey|\bdear|\bthanks|\bthank you|\bsorry|\bapologies|\bwelcome|\bwelcome back|\bcongratulations|\bsure|\bof course|\bcertainly|\bno problem|\byes|\bokay|\bok|\balright|\bgreat|\bperfect|\bmorning|\bafternoon|\bevening|\bmr\.?|\bmrs\.?|\bms\.?|\bmiss)[ ,，]{0,2}$",
    )
});
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:收件人|收货人|收货方|联系人|姓名|名字|户名|持卡人|乘客|入住人|预订人|抬头|recipient|passenger|guest|account holder|card ?holder|(?:under|in) (?:the )?name(?: of)?|(?:booked|registered|reserved|addressed|made out|payable) (?:for|to|under)|your name)(?:是|为|:|：| is| as)?[ ]?$",
    )
});
static TITLE_BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(r"^ ?(?:先生|女士|小姐|太太|同学|老板|亲)"));
static ADDRESSED_BEHIND: LazyLock<Regex> = LazyLock::new(|| regex(r"^ ?(?:您好|你好|早上好|上午好|下午好|晚上好|[，,！!：:]|您)"));
static SIGN_OFF: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?:regards|wishes|sincerely|cheers|yours|best|thanks|thank you|warmly|此致|敬礼|祝好|敬上|客服部?|团队)[ ,，!！.]{0,2}\n?[ -]*$",
    )
});

/// A name is the customer's where it is used to speak to somebody; elsewhere it is as likely the agent's or a third person's.
fn addresses_the_customer(before: &str, after: &str) -> bool {
    if STAFF_BEFORE.is_match(before) {
        return false;
    }
    let said_before = before.trim_end();
    let ends_here = after.trim().trim_matches(['.', '。', '!', '！', '~', '～', '-']).is_empty();
    if said_before.is_empty() {
        return ends_here || TITLE_BEHIND.is_match(after) || ADDRESSED_BEHIND.is_match(after) || after.starts_with("'s");
    }
    // At the end of a letter stands who wrote it.
    if ends_here && (before.ends_with('\n') || SIGN_OFF.is_match(before) || before.ends_with('-') || before.ends_with('—')) {
        return false;
    }
    let sentence_starts = said_before.ends_with(['.', '!', '?', '。', '！', '？', '~', '～']) || before.ends_with('\n');
    let vocative = said_before.ends_with([',', '，']) && (ends_here || after.starts_with(['.', '!', '?', '。', '！', '？']));
    TITLE_BEHIND.is_match(after)
        || GREETED.is_match(before)
        || NAMED.is_match(before)
        || vocative
        || (sentence_starts && !ends_here && ADDRESSED_BEHIND.is_match(after))
}

static OURS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)我的|我们|咱们|我司|我这边|本店|店铺|门店|专线|热线|仓库|商家|卖家|厂家|总部|前台|营业厅|网点|站点|驿站|快递员|骑手|司机|师傅|派送员|配送员|派件员|小哥|技师|经理|顾问|专员|同事|物业|房东|医生|老师|官方|公众号|对公|收款|客服|售后(?:电话|地址|微信)|退货地址|寄回地址",
        r"|(?-u:\b)(?:our|us|my|me|store|shop|warehouse|office|branch|hotline|support|couriers?|drivers?|technicians?|manager|supplier|seller|landlord|restaurant|hotel|clinic|helpdesk|customer service|depot|returns (?:address|centre|center|department))(?-u:\b)",
    ))
});
static ASKED_TO_DO: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)拨打|致电|请打|打一下|打这个|咨询|请?联系|添加|加我|加[一下]{0,2}微信|加微|寄到|寄回|寄往|寄至|邮寄|退到|退回|发到|发至|发送到|送到|送至|汇到|汇款|打款|转到|转账|付到|扫",
        r"|(?-u:\b)(?:call|dial|ring|phone|contact|reach|text|whatsapp|e-?mail|write to|send|mail|return|ship|post|drop|transfer|pay)(?-u:\b)",
    ))
});
static YOU: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)您|你|客户|(?-u:\b)(?:you|your|yours|customer's)(?-u:\b)"));
static DONE_FOR_YOU: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        r"(?i)(?:给|为|帮|替|跟|与|和|向)(?:您|你)|已经?|会|将|正在|马上|稍后|重新",
        r"|(?-u:\b)(?:we|i|he|she|they|it)(?:'ll|'ve|'s)?(?-u:\b)|(?-u:\b)(?:will|was|were|been|being|has|have)(?-u:\b)",
    ))
});
static TO_YOU_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?i)^ ?(?:上|去)?(?:联系|与|给|通知|跟|和|向|告知|致电)(?:您|你)|^ ?(?:to (?:reach|contact|notify|call) you|for you)")
});

/// Whether a value is the company's, an agent's or somebody else's: where to call, write, send or pay to.
fn is_somebody_elses(kind: MaskKind, clause: &str, after: &str) -> bool {
    // Order numbers, amounts and the like have no other owner than whoever the reply is for.
    if matches!(kind, MaskKind::OrderNo | MaskKind::Amount | MaskKind::IdCard | MaskKind::Passport) {
        return false;
    }
    if TO_YOU_BEHIND.is_match(after) {
        return false;
    }
    let last_you = YOU.find_iter(clause).last().map(|found| found.end());
    // "our records show your address …": what stands nearer to the value owns it.
    if let Some(ours) = OURS.find_iter(clause).last()
        && last_you.is_none_or(|you| you < ours.end())
    {
        return true;
    }
    ASKED_TO_DO.find_iter(clause).last().is_some_and(|verb| {
        let to_you = last_you.is_some_and(|you| you > verb.end());
        let by_us = DONE_FOR_YOU.is_match(&clause[..verb.start()]);
        !to_you && !by_us
    })
}

/// Whether so little stands between two placeholders of one kind and sort that they stand for two values: "from A to B", "A and B".
pub(super) fn are_two_values(between: &str) -> bool {
    between.chars().count() <= 8 && !between.contains(['.', '。', '!', '！', '?', '？', '\n', ';', '；'])
}

/// What was said since the last full stop, as far as context reaches.
fn sentence_before(before: &str) -> &str {
    let near = last_chars(before, REACH);
    let start =
        near.rfind(['。', '！', '!', '？', '?', '；', ';', '\n']).map_or(0, |at| at + near[at..].chars().next().map_or(0, char::len_utf8));
    let rest = &near[start..];
    rest.rfind(". ").map_or(rest, |at| &rest[at + 2..])
}

/// What was said since the last comma of the sentence.
fn clause(before: &str) -> &str {
    let sentence = sentence_before(before);
    let start = sentence.rfind(['，', ',', '、', '（', '(']).map_or(0, |at| at + sentence[at..].chars().next().map_or(0, char::len_utf8));
    &sentence[start..]
}

fn last_chars(text: &str, count: usize) -> &str {
    text.char_indices().rev().take(count).last().map_or("", |(at, _)| &text[at..])
}

fn first_chars(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::mask::placeholders;

    /// Whether each placeholder of a reply is taken for the customer's.
    fn own(reply: &str) -> Vec<bool> {
        placeholders(reply).into_iter().map(|(kind, at)| is_the_customers(kind, &reply[..at.start], &reply[at.end..])).collect()
    }

    fn sorts(reply: &str) -> Vec<Sort> {
        placeholders(reply).into_iter().map(|(kind, at)| sort(kind, None, &reply[..at.start], &reply[at.end..])).collect()
    }

    #[test]
    fn names_are_the_customers_where_somebody_is_spoken_to() {
        for reply in [
            "[NAME]您好，已经为您登记。",
            "您好[NAME]，请稍等",
            "[NAME]女士，您的订单已发出",
            "尊敬的[NAME]，感谢您的来电",
            "好的。[NAME]，已经帮您改好了。",
            "收件人：[NAME]，地址已更新",
            "Hi [NAME], your parcel is on its way.",
            "Dear [NAME],\nyour refund was approved.",
            "Sorry for the wait, [NAME].",
            "Of course, [NAME]! I have changed it.",
            "The room is booked under the name of [NAME].",
            "Thanks [NAME], I found your order.",
            "[NAME], it is on its way.",
            "Good morning Mrs [NAME], how can I help?",
        ] {
            assert_eq!(own(reply), [true], "{reply}");
        }
        for reply in [
            "我是客服[NAME]，很高兴为您服务",
            "您好，我叫[NAME]，您的专属顾问",
            "您可以联系[NAME]办理",
            "安装师傅[NAME]明天上门",
            "已经为您登记。\n[NAME]",
            "My name is [NAME] and I will help you today.",
            "Your refund is approved.\n\nBest regards,\n[NAME]",
            "It leaves today. Thanks, [NAME]",
            "Your driver [NAME] is two minutes away.",
            "I have passed it on to [NAME] in billing.",
            "The parcel was signed for by [NAME] at the desk.",
            "包裹由[NAME]代收",
        ] {
            assert_eq!(own(reply), [false], "{reply}");
        }
    }

    #[test]
    fn where_to_call_write_and_send_is_not_the_customers() {
        for reply in [
            "预计明天送达，快递员会打[PHONE]联系您。",
            "您预留的手机号是[PHONE]，对吗？",
            "发票已发送到您的邮箱[EMAIL]",
            "会给您寄到[ADDRESS]",
            "包裹已重新寄到[ADDRESS]，请留意",
            "退款将退回[BANK_CARD]",
            "您的车[PLATE]已登记",
            "We will call you on [PHONE] this afternoon.",
            "The invoice was sent to [EMAIL].",
            "I have sent it to your email [EMAIL].",
            "Your parcel goes to [ADDRESS], is that right?",
            "您的订单[ORDER_NO]已发出",
        ] {
            assert_eq!(own(reply), [true], "{reply}");
        }
        for reply in [
            "您可以拨打[PHONE]咨询",
            "快递员电话[PHONE]，您可以直接联系",
            "请加我微信[ACCOUNT]",
            "退货请寄到[ADDRESS]",
            "我们的门店地址在[ADDRESS]",
            "麻烦您把照片发到[EMAIL]",
            "请汇款到对公账户[BANK_CARD]",
            "接您的司机车牌[PLATE]",
            "You can call [PHONE] any time.",
            "Please send photos to [EMAIL].",
            "You can reach us at [PHONE].",
            "Return the item to [ADDRESS].",
            "Our shop is at [ADDRESS].",
            "详情见[URL]",
        ] {
            assert_eq!(own(reply), [false], "{reply}");
        }
    }

    #[test]
    fn numbers_are_told_apart_by_their_labels() {
        use Sort::{Balance, Case, Charge, Refund, Tracking, Usual};
        for (reply, expected) in [
            ("您的订单[ORDER_NO]已发出，快递单号[ORDER_NO]。", vec![Usual, Tracking]),
            ("圆通[ORDER_NO]正在派送", vec![Tracking]),
            ("投诉工单号是[ORDER_NO]", vec![Case]),
            ("物流订单号[ORDER_NO]", vec![Usual]),
            ("Order [ORDER_NO] left today, tracking number [ORDER_NO].", vec![Usual, Tracking]),
            ("Your ticket number is [ORDER_NO].", vec![Case]),
            ("已退款[AMOUNT]，余额[AMOUNT]", vec![Refund, Balance]),
            ("您的余额是[AMOUNT]", vec![Balance]),
            ("本月账单[AMOUNT]", vec![Charge]),
            ("We refunded [AMOUNT] today.", vec![Refund]),
            ("You were charged [AMOUNT].", vec![Charge]),
        ] {
            assert_eq!(sorts(reply), expected, "{reply}");
        }
        let known = |value: &str, before: &str| sort(MaskKind::OrderNo, Some(value), before, "");
        assert_eq!(known("SF1234567890123", ""), Tracking);
        assert_eq!(known("SF1234567890123", "订单"), Usual);
        assert_eq!(known("20260309112233", "帮我查下"), Usual);
    }

    #[test]
    fn values_side_by_side_are_two() {
        assert!(are_two_values("和") && are_two_values(" and ") && are_two_values("改成"));
        assert!(!are_two_values("。订单") && !are_two_values("已经从杭州仓发出，订单"));
    }
}
