//! Turns an archived, masked answer into a reply for this customer: placeholders are filled from the live conversation, and only from there.

use std::collections::{BTreeMap, BTreeSet};

use super::request::LiveConversation;
use crate::domain::{Role, Slot};
use crate::text::mask::{MaskKind, mask, placeholders};

/// Values found in the live conversation, by kind.
#[derive(Debug, Clone, Default)]
pub struct LiveValues {
    values: BTreeMap<&'static str, BTreeSet<String>>,
}

impl LiveValues {
    /// Collects what the customer and the host have said: a slot is filled only when its kind has exactly one value.
    #[must_use]
    pub fn of(conversation: &LiveConversation) -> Self {
        let mut values: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        if let Some(name) = conversation.customer.get("name").filter(|name| !name.trim().is_empty()) {
            values.entry(MaskKind::Name.name()).or_default().insert(name.trim().to_owned());
        }
        let has_name = values.contains_key(MaskKind::Name.name());
        for message in conversation.messages.iter().filter(|message| message.role == Role::Customer) {
            for found in mask(&message.text, &[]).found {
                // A name from the host's profile is surer than one guessed from the text.
                if !(has_name && found.kind == MaskKind::Name) {
                    values.entry(found.kind.name()).or_default().insert(found.value);
                }
            }
        }
        Self { values }
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
