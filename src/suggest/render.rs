//! Turns an archived, masked answer into a reply for this customer: placeholders are filled from the live conversation, and only from there.

use std::collections::{BTreeMap, BTreeSet};

use super::request::{LiveConversation, MAX_MESSAGE_CHARS};
use crate::domain::{Role, Slot};
use crate::store::LiveValue;
use crate::text::mask::{MaskKind, mask, placeholders};
use crate::text::moment::clip;
use crate::text::normalise::clean;

/// Values found in the live conversation, by kind.
#[derive(Debug, Clone, Default)]
pub struct LiveValues {
    values: BTreeMap<&'static str, BTreeSet<String>>,
    /// Names in the customer's own words beside the one of the profile: they fill nothing, but are personal all the same.
    other_names: BTreeSet<String>,
}

impl LiveValues {
    /// Collects what the customer and the host have said: a slot is filled only when its kind has exactly one value.
    #[must_use]
    pub fn of(conversation: &LiveConversation) -> Self {
        let mut values: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        let mut other_names = BTreeSet::new();
        if let Some(name) = conversation.customer.get("name").filter(|name| !name.trim().is_empty()) {
            values.entry(MaskKind::Name.name()).or_default().insert(name.trim().to_owned());
        }
        let has_name = values.contains_key(MaskKind::Name.name());
        for message in conversation.messages.iter().filter(|message| message.role == Role::Customer) {
            for found in mask(&clip(&message.text, MAX_MESSAGE_CHARS), &[]).found {
                // A name from the host's profile is surer than one guessed from the text.
                if has_name && found.kind == MaskKind::Name {
                    other_names.insert(found.value);
                } else {
                    values.entry(found.kind.name()).or_default().insert(found.value);
                }
            }
        }
        Self { values, other_names }
    }

    /// Everything an edited reply of this conversation could hold of its customer: values of slots, other names, the host's profile.
    #[must_use]
    pub fn personal(&self, conversation: &LiveConversation) -> Vec<LiveValue> {
        let of_slots = self.values.iter().flat_map(|(&slot, values)| values.iter().map(move |value| (Some(slot), value)));
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

    fn only(&self, kind: MaskKind) -> Option<&str> {
        let values = self.values.get(kind.name())?;
        if values.len() == 1 { values.iter().next().map(String::as_str) } else { None }
    }
}

/// Renders one answer. The text is masked once more first, so that nothing personal of the archive can pass even if masking has become
/// stricter since it was indexed. Slot positions count Unicode scalar values of the rendered text.
#[must_use]
pub fn render(answer: &str, live: &LiveValues) -> (String, Vec<Slot>) {
    let masked = mask(answer, &[]).text;
    let mut text = String::with_capacity(masked.len());
    let mut slots = Vec::new();
    let mut copied = 0;
    for (kind, range) in placeholders(&masked) {
        text.push_str(&masked[copied..range.start]);
        let value = live.only(kind);
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
