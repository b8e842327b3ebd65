//! Who has to act: does it happen by itself or is it done for the customer, or is it the customer who has to see to it?
//!
//! Only what is said outright counts. A way to do something ("click here", "send us a photo") is help, no duty: two such ways do not exclude
//! each other, and neither excludes the offer to do it for the customer.

use std::sync::LazyLock;

use regex::Regex;

use super::compiled;

/// Who an answer says has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Nobody, or the company.
    Spared,
    /// The customer.
    Asked,
}

static SPARED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\bnothing (?:else )?(?:for you )?(?:to|you (?:need|have) to) (?:do|arrange|worry about|organi[sz]e|apply for)\b|\bnothing for you\b|\byou (?:dont|do not) (?:need|have) to (?:do|arrange|apply for|organi[sz]e) (?:anything|a thing)\b|\bautomatic(?:ally)?\b|\bby default\b|\b(?:happens?|ends?|stops?|renews?|expires?|runs? out|closes?) (?:by itself|on its own|all by itself)\b|\b(?:simply|just) (?:runs? out|ends?|stops?|lapses?)\b|\bon your behalf\b|\bsit back\b|\bwell (?:sort|take care|handle|deal with|see to)\b|\bwe(?: will)? (?:sort (?:this|it|that|everything)|take care of|handle|deal with|see to) (?:this|it|that|everything|all|the)?\b|\bleave (?:it|that|everything) to us\b|\bour (?:\w+ ){0,2}(?:drivers?|engineers?|fitters?|technicians?|couriers?|movers?|service) (?:will )?(?:carry|carries|collects?|installs?|assembles?|writes?|informs?|cancels?|connects?|sets? (?:it )?up|picks?|handles?|arranges?|does|do)\b|\balready (?:switched on|activated|enabled|set up|included)\b|\b(?:switched on|activated|enabled|set up|included) already\b|系统(?:会|将)?自动|自动(?:退|返|打|到|续|发|生效|开通|抵扣|延|升级|入账|恢复|取消)|(?:您|你)?(?:什么都|啥都)(?:不用|不需要|无需|不必)|(?:您|你)(?:这边)?(?:不用|无需|不必|不需要)(?:管|操心|操作|处理|申请|另外申请)|(?:不用|无需|不必|不需要)(?:您|你)(?:来|自己)?(?:管|操心|操作|处理|申请|办)|我们(?:这边)?(?:会|来)?(?:直接|主动|全程)(?:给|帮|为|跟|联系|处理|补|退|办)|我们(?:去|来)(?:追|跟|处理|办|联系|对接)",
    )
});

static ASKED: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"\byou(?:ll|d)?(?: will| would)? (?:need|have|be asked) to (?:apply|request|lodge|file|report|cancel|inform|notify|contact|call|ring|register|activate|submit|arrange|claim|bring|put|do|set|install|assemble|renew|give|ask|tell|enrol|opt)\b|\b(?:are|is) (?:kindly )?(?:asked|requested|required|obliged) to (?:apply|request|lodge|file|report|cancel|inform|notify|contact|register|activate|submit|arrange|claim|renew)\b|\b(?:please )?(?:remember|make sure|dont forget|be sure)(?: you| to)* (?:to )?(?:apply|request|cancel|inform|notify|register|activate|submit|claim|renew|give notice)\b|\b(?:must|has to|have to) (?:first )?(?:apply|request|lodge|file|report|cancel|inform|notify|register|activate|submit|claim|renew|be (?:requested|activated|applied for|registered|claimed|cancelled|renewed|reported))\b|\b(?:until|unless) you (?:request|apply|ask|activate|register|cancel|enable|switch|tell us|claim|renew)\b|\b(?:carry|put|assemble|install|set|do|bring|arrange|cancel|inform|contact|carrier|it|that|this) (?:\w+ ){0,3}(?:yourself|on your own)\b|(?:请|麻烦|需要?|得|须|要)(?:您|你)?(?:这边)?(?:自行|自己)|(?:需要|须|得|要)(?:您|你)(?:这边)?(?:在\p{Han}{0,8})?(?:\d+[天日]内)?(?:自己|自行|主动|先|去|到|联系|提交|申请|办理|操作)|(?:您|你)(?:需要?|得|须|要)(?:自己|自行|主动|先)|(?:没|不|未)(?:有)?(?:主动)?(?:申请|提交|领取|报名|登记|激活|操作)(?:过)?(?:的话|的)?\p{Han}{0,6}(?:不会|不能|不予|就不|不退|没有|无法|作废)|手动(?:申请|领取|开启|开通|操作|关闭|取消|提交)",
    )
});

/// Who has to act, where a text says it of one side only.
pub(super) fn effort(text: &str) -> Option<Effort> {
    match (SPARED.is_match(text), ASKED.is_match(text)) {
        (true, false) => Some(Effort::Spared),
        (false, true) => Some(Effort::Asked),
        // "We see to it; you only have to …" says both: for others to judge.
        _ => None,
    }
}
