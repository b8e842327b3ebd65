//! Turns an archived, masked answer into a reply for this customer: placeholders are filled from the live conversation, and only from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::request::{LiveConversation, MAX_MESSAGE_CHARS};
use super::slots::{Sort, are_two_values, is_the_customers, sort};
use crate::domain::{Role, Slot};
use crate::store::LiveValue;
use crate::text::mask::{MaskKind, mask, placeholders};
use crate::text::moment::clip;
use crate::text::normalise::clean;

/// Values found in the live conversation, by kind and what they are within it.
#[derive(Debug, Clone, Default)]
pub struct LiveValues {
    /// Different ones only; the same number in other groups is the same.
    values: BTreeMap<(MaskKind, Sort), Vec<String>>,
    /// Names in the customer's own words beside the one of the profile: they fill nothing, but are personal all the same.
    other_names: BTreeSet<String>,
}

impl LiveValues {
    /// Collects what the customer and the host have said: a slot is filled only when its kind has exactly one value.
    #[must_use]
    pub fn of(conversation: &LiveConversation) -> Self {
        let mut live = Self::default();
        for (field, value) in &conversation.customer {
            let value = value.trim();
            if let Some(kind) = kind_of_field(field, value) {
                live.add(kind, sort(kind, Some(value), field, ""), value);
            }
        }
        let has_name = live.only(MaskKind::Name, Sort::Usual).is_some();
        for message in conversation.messages.iter().filter(|message| message.role == Role::Customer) {
            let masked = mask(&clip(&message.text, MAX_MESSAGE_CHARS), &[]);
            for found in &masked.found {
                // A name from the host's profile is surer than one guessed from the text.
                if has_name && found.kind == MaskKind::Name {
                    live.other_names.insert(found.value.clone());
                } else {
                    let start = masked.text.char_indices().nth(found.start).map_or(masked.text.len(), |(at, _)| at);
                    let end = start + found.kind.placeholder().len();
                    let sort = sort(found.kind, Some(&found.value), &masked.text[..start], &masked.text[end..]);
                    live.add(found.kind, sort, &found.value);
                }
            }
        }
        live
    }

    fn add(&mut self, kind: MaskKind, sort: Sort, value: &str) {
        let plain = |value: &str| value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        let known = self.values.entry((kind, sort)).or_default();
        if !known.iter().any(|other| plain(other) == plain(value)) {
            known.push(value.to_owned());
        }
    }

    /// Everything an edited reply of this conversation could hold of its customer: values of slots, other names, the host's profile.
    #[must_use]
    pub fn personal(&self, conversation: &LiveConversation) -> Vec<LiveValue> {
        let of_slots = self.values.iter().flat_map(|((kind, _), values)| values.iter().map(move |value| (Some(kind.name()), value)));
        let of_profile = conversation.customer.values().map(|value| (None, value));
        let mut personal: Vec<LiveValue> = Vec::new();
        let of_names = self.other_names.iter().map(|name| (Some(MaskKind::Name.name()), name));
        let mut known = BTreeSet::new();
        for (slot, value) in of_slots.chain(of_names).chain(of_profile) {
            let value = value.trim();
            if !value.is_empty() && known.insert(value) {
                personal.push(LiveValue { slot: slot.map(str::to_owned), value: value.to_owned() });
            }
        }
        personal
    }

    fn only(&self, kind: MaskKind, sort: Sort) -> Option<&str> {
        match self.values.get(&(kind, sort))?.as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// What kind of value a field of the customer's profile holds, by its name or else by its form; `None` where neither tells, or where they disagree.
fn kind_of_field(field: &str, value: &str) -> Option<MaskKind> {
    const NAMED: [(MaskKind, &[&str]); 9] = [
        (MaskKind::Phone, &["phone", "mobile", "tel", "telephone", "cell"]),
        (MaskKind::Email, &["email", "mail", "e-mail"]),
        (MaskKind::Address, &["address", "addr"]),
        (MaskKind::OrderNo, &["order", "tracking", "waybill", "orderno", "orderid"]),
        (MaskKind::IdCard, &["idcard", "identity"]),
        (MaskKind::BankCard, &["bankcard", "card"]),
        (MaskKind::Plate, &["plate"]),
        (MaskKind::Passport, &["passport"]),
        (MaskKind::Account, &["account", "member", "wechat", "weixin", "qq", "username", "userid"]),
    ];
    const NAMED_IN_CHINESE: [(MaskKind, &[&str]); 9] = [
        (MaskKind::Phone, &["手机", "电话"]),
        (MaskKind::Email, &["邮箱"]),
        (MaskKind::Address, &["地址"]),
        (MaskKind::OrderNo, &["订单号", "订单编号", "运单号", "快递单号", "物流单号"]),
        (MaskKind::IdCard, &["身份证"]),
        (MaskKind::BankCard, &["银行卡"]),
        (MaskKind::Plate, &["车牌"]),
        (MaskKind::Passport, &["护照"]),
        (MaskKind::Account, &["微信号", "账号", "会员号", "会员编号"]),
    ];
    /// Words that say something about a value instead of holding it: "order_date", "email_verified".
    const ABOUT: [&str; 18] = [
        "date", "at", "time", "amount", "total", "count", "status", "state", "type", "level", "balance", "verified", "title", "tier",
        "source", "valid", "since", "age",
    ];
    if value.is_empty() {
        return None;
    }
    let field = field.to_lowercase();
    if matches!(field.as_str(), "name" | "full_name" | "customer_name" | "real_name" | "姓名" | "称呼" | "客户姓名") {
        return Some(MaskKind::Name);
    }
    let parts: Vec<&str> = field.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| ABOUT.contains(part)) {
        return None;
    }
    if parts.contains(&"id") && parts.contains(&"card") {
        return has_the_form(MaskKind::IdCard, value).then_some(MaskKind::IdCard);
    }
    let english = NAMED.iter().find(|(_, words)| parts.iter().any(|part| words.contains(part)));
    let named = english.or_else(|| NAMED_IN_CHINESE.iter().find(|(_, words)| words.iter().any(|word| field.contains(word))));
    match named {
        Some((kind, _)) => has_the_form(*kind, value).then_some(*kind),
        None => match mask(value, &[]).found.as_slice() {
            [found] if found.value == value => Some(found.kind),
            _ => None,
        },
    }
}

/// Whether a value could be of the kind that its field is named after.
fn has_the_form(kind: MaskKind, value: &str) -> bool {
    static DATE_OR_DECIMAL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d+\.\d+$").expect("a constant pattern compiles"));
    let digits = value.chars().filter(char::is_ascii_digit).count();
    match kind {
        MaskKind::Email => value.contains('@'),
        MaskKind::Address => value.chars().count() >= 5,
        MaskKind::Account => digits > 0 && !DATE_OR_DECIMAL.is_match(value),
        _ => digits >= 4 && !DATE_OR_DECIMAL.is_match(value),
    }
}

/// Renders one answer. The text is masked once more first, so that nothing personal of the archive can pass even if masking has become
/// stricter since it was indexed. A placeholder is filled where the words around it make sure that it stands for a value of the customer of
/// which the live conversation holds exactly one (see `slots`). Slot positions count Unicode scalar values of the rendered text.
#[must_use]
pub fn render(answer: &str, live: &LiveValues) -> (String, Vec<Slot>) {
    let masked = mask(answer, &[]).text;
    let found: Vec<_> = placeholders(&masked)
        .into_iter()
        .map(|(kind, range)| (kind, sort(kind, None, &masked[..range.start], &masked[range.end..]), range))
        .collect();
    let mut text = String::with_capacity(masked.len());
    let mut slots = Vec::new();
    let mut copied = 0;
    for (place, (kind, sort, range)) in found.iter().enumerate() {
        text.push_str(&masked[copied..range.start]);
        let beside = |other: usize| {
            let (other_kind, other_sort, other_range) = found.get(other)?;
            let between = if other < place { other_range.end..range.start } else { range.end..other_range.start };
            ((other_kind, other_sort) == (kind, sort) && are_two_values(&masked[between])).then_some(())
        };
        let one_of_two = place.checked_sub(1).and_then(beside).or_else(|| beside(place + 1)).is_some();
        let own = !one_of_two && is_the_customers(*kind, &masked[..range.start], &masked[range.end..]);
        let value = if own { live.only(*kind, *sort) } else { None };
        let start = text.chars().count();
        text.push_str(value.unwrap_or(&masked[range.clone()]));
        slots.push(Slot { name: kind.name().to_owned(), start, end: text.chars().count(), filled: value.is_some() });
        copied = range.end;
    }
    text.push_str(&masked[copied..]);
    (text, slots)
}

/// Turns a reply that an agent has written for one customer back into one for any: the values of the conversation it was written in become
/// placeholders again, each of the slot it came from, and whatever else is personal is masked.
#[must_use]
pub fn unfilled(text: &str, values: &[LiveValue]) -> String {
    let known: Vec<String> = values.iter().map(|value| value.value.clone()).collect();
    let masked = mask(&clean(text), &known);
    let chars: Vec<char> = masked.text.chars().collect();
    let mut unfilled = String::with_capacity(masked.text.len());
    let mut copied = 0;
    for found in &masked.found {
        // Masking guesses from its form what a value is; the slot it filled is known.
        let slot = values.iter().find(|value| value.value == found.value.trim()).and_then(|value| value.slot.as_deref());
        unfilled.extend(&chars[copied..found.start]);
        copied = found.start + found.kind.placeholder().len();
        match slot {
            Some(slot) => unfilled.extend(["[", slot, "]"]),
            None => unfilled.push_str(found.kind.placeholder()),
        }
    }
    unfilled.extend(&chars[copied..]);
    unfilled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest::request::LiveMessage;

    fn conversation(profile: &[(&str, &str)], words: &str) -> LiveConversation {
        LiveConversation {
            id: None,
            customer: profile.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            messages: vec![LiveMessage { role: Role::Customer, text: words.to_owned(), at: None, id: None }],
        }
    }

    #[test]
    fn filling_and_unfilling_give_the_same_text() {
        let live = conversation(&[("name", "欧阳慧"), ("city", "丽水")], "订单号20260601123456什么时候发货");
        let values = LiveValues::of(&live);
        for archived in ["[NAME]您好，订单[ORDER_NO]今天发出。", "一般两天内发出。", "[NAME]"] {
            let (filled, _) = render(archived, &values);
            assert!(!filled.contains('['), "{filled}");
            assert_eq!(unfilled(&filled, &values.personal(&live)), archived);
        }
    }

    #[test]
    fn the_profile_fills_what_the_customer_did_not_say() {
        let live = conversation(
            &[
                ("手机号", "13800138000"),
                ("order_no", "20260601123456"),
                ("order_count", "12"),
                ("mail", "li@example.com"),
                ("level", "gold"),
            ],
            "什么时候发货",
        );
        let (text, slots) = render("订单[ORDER_NO]明天发出，会打[PHONE]通知您，发票发到您的邮箱[EMAIL]。", &LiveValues::of(&live));
        assert_eq!(text, "订单20260601123456明天发出，会打13800138000通知您，发票发到您的邮箱li@example.com。");
        assert!(slots.iter().all(|slot| slot.filled));
        let at: Vec<(usize, usize)> = slots.iter().map(|slot| (slot.start, slot.end)).collect();
        assert_eq!(at, [(2, 16), (23, 34), (46, 60)]);
    }

    #[test]
    fn fields_about_a_value_are_none() {
        let of = |field: &str, value: &str| kind_of_field(field, value);
        for (field, value) in [
            ("member_level", "gold"),
            ("email_verified", "true"),
            ("order_date", "2026-06-01"),
            ("order_amount", "1299.00"),
            ("hotel_booking", "88231"),
            ("order", "2026-06-01"),
            ("email", "yes"),
        ] {
            assert_eq!(of(field, value), None, "{field}");
        }
        assert_eq!(of("order_no", "20260601123456"), Some(MaskKind::OrderNo));
        assert_eq!(of("work_email", "li@example.com"), Some(MaskKind::Email));
        assert_eq!(of("收货地址", "杭州市文三路90号"), Some(MaskKind::Address));
        assert_eq!(of("member_id", "VIP8812"), Some(MaskKind::Account));
        assert_eq!(of("id_card", "110101199003078881"), Some(MaskKind::IdCard));
        assert_eq!(of("bank_card", "6222020200112230009"), Some(MaskKind::BankCard));
    }

    #[test]
    fn two_possible_values_leave_a_slot_open() {
        let profile = [("phone", "13800138000")];
        let filled = |words: &str| render("会打[PHONE]联系您", &LiveValues::of(&conversation(&profile, words))).1[0].filled;
        assert!(filled("什么时候送到"));
        assert!(filled("我的电话是138-0013-8000"), "the same number");
        assert!(!filled("电话换成13911112222"));
    }

    #[test]
    fn numbers_fill_slots_of_their_own_sort() {
        let reply = "订单[ORDER_NO]已发出，快递单号[ORDER_NO]，有问题请报工单号[ORDER_NO]。";
        let fill = |words: &str| render(reply, &LiveValues::of(&conversation(&[], words))).0;
        assert_eq!(fill("我的订单20260601123456到哪了"), "订单20260601123456已发出，快递单号[ORDER_NO]，有问题请报工单号[ORDER_NO]。");
        assert_eq!(fill("快递SF1234567890123怎么不动"), "订单[ORDER_NO]已发出，快递单号SF1234567890123，有问题请报工单号[ORDER_NO]。");
        let both = fill("订单20260601123456，单号SF1234567890123");
        assert!(both.starts_with("订单20260601123456已发出，快递单号SF1234567890123，"), "{both}");
    }

    #[test]
    fn amounts_fill_slots_of_their_own_sort() {
        let fill = |reply: &str, words: &str| render(reply, &LiveValues::of(&conversation(&[], words))).0;
        let refund = "We have refunded [AMOUNT] to your card.";
        assert_eq!(fill(refund, "where is my refund of $214.37?"), "We have refunded $214.37 to your card.");
        assert_eq!(fill(refund, "my balance is $214.37, where is the refund?"), refund);
        assert_eq!(fill("已为您退款386.47元。", "为什么扣了我512.36元"), "已为您退款[AMOUNT]。", "the archive's own is masked");
    }

    #[test]
    fn two_slots_that_stand_for_two_values_stay_open() {
        let live = LiveValues::of(&conversation(&[], "我的订单20260601123456到哪了"));
        for reply in ["订单[ORDER_NO]和[ORDER_NO]一起发出。", "从[ORDER_NO]改成[ORDER_NO]了。"] {
            let (text, slots) = render(reply, &live);
            assert_eq!(text, reply);
            assert!(slots.iter().all(|slot| !slot.filled));
        }
        let (text, _) = render("订单[ORDER_NO]已经从杭州仓发出。您可以用[ORDER_NO]查询。", &live);
        assert!(!text.contains('['), "{text}");
    }

    #[test]
    fn an_edit_holds_nothing_of_its_customer() {
        let live = conversation(&[("name", "Hortensia"), ("card", "K7-Q2")], "my order number is 20260601123456");
        let personal = LiveValues::of(&live).personal(&live);
        let text =
            unfilled("Dear Hortensia, order 20260601123456 (card K7-Q2) leaves today. Call 13800138000 or Hortensia's shop.", &personal);
        for value in ["Hortensia", "20260601123456", "K7-Q2", "13800138000"] {
            assert!(!text.contains(value), "{text}");
        }
        assert!(text.starts_with("Dear [NAME], order [ORDER_NO] (card ") && text.contains("leaves today. Call [PHONE] or "), "{text}");
    }

    #[test]
    fn a_name_that_the_profile_does_not_know_is_personal_too() {
        let live = conversation(&[("name", "shopfan88")], "my name is Xochitl Ramirez, where is my refund?");
        let values = LiveValues::of(&live);
        assert_eq!(render("[NAME], it is on its way.", &values).0, "shopfan88, it is on its way.");
        let text = unfilled("Xochitl Ramirez, your refund was approved.", &values.personal(&live));
        assert_eq!(text, "[NAME], your refund was approved.");
    }

    #[test]
    fn a_value_goes_back_into_the_slot_it_came_from() {
        // Ten digits look like a telephone number; this conversation knows better.
        let values = [LiveValue { slot: Some("ORDER_NO".to_owned()), value: "4021776319".to_owned() }];
        assert_eq!(unfilled("Order 4021776319 is on its way.", &values), "Order [ORDER_NO] is on its way.");
        assert_eq!(unfilled("No figures here.", &values), "No figures here.");
    }
}
