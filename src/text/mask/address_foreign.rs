//! Addresses of continental Europe and Latin America: a word for street with a name and a house number, in the order of the
//! language.

use std::sync::LazyLock;

use regex::Regex;

use super::view::{Hit, View, char_after, char_before};
use super::{MaskKind, scan};

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// A word of a street's name, with the small words that join such names.
const PART: &str = r"(?:(?:de|des|du|la|las|le|les|los|el|del|della|delle|dei|di|da|do|dos|das|van|von|den|der|am|an|im|zum|zur|y|et|e)[ ]|[ldLD]'|d')*\p{Lu}[\p{L}'.-]{0,24}";

static NUMBER_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"\d{{1,5}}(?:[ ]?(?:bis|ter|[A-Za-z]))?,?[ ](?i:rue|boulevard|bd|avenue|allée|allee|chemin|impasse|quai|place|cours|route|passage|square)[ ]{PART}(?:[ ]{PART}){{0,3}}"
    ))
});
static NUMBER_LAST: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:(?:Via|Viale|Piazza|Piazzale|Corso|Vicolo|Largo|Calle|Avenida|Avda\.?|Av\.|Paseo|Plaza|Carrer|Camino|Ronda|Rua|Travessa|Praça|Alameda|Rue|Ulica|ul\.)[ ]{PART}(?:[ ]{PART}){{0,3}},?[ ](?:n[º°o.]{{1,2}}[ ]?)?|\p{{Lu}}[\p{{Ll}}-]{{1,24}}(?:[ -]\p{{Lu}}[\p{{Ll}}-]{{1,24}}){{0,2}}(?:[ -]?(?:[Ss]traße|[Ss]trasse|[Ss]tr\.|[Aa]llee|[Gg]asse|[Pp]latz|[Ww]eg|[Dd]amm|[Uu]fer)|straat|laan|gracht|kade|plein|gatan|vägen|gata|vej|gade)[ ])\d{{1,5}}(?:[ ]?[A-Za-z](?-u:\b))?(?:[-/]\d{{1,4}})?"
    ))
});
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^,?[ ](?:(?i:apt|appt?|appartement|apartment|apartado|flat|floor|wohnung|whg|int(?:erno)?|scala|piso|puerta|planta|bâtiment|bat|bât)\.?[ ]?[A-Za-z0-9]{1,5}|\d{1,2}(?:er|ère|e|ème|eme|ª|º|°|\.|th|nd|rd|st)?[ ]?(?i:étage|etage|piso|piano|planta|stock|og|floor|andar)(?:[ ][A-Za-z0-9](?-u:\b))?|\d{4,5}(?:[ ][A-Z]{2})?[ ]\p{Lu}\p{L}{1,20}(?:[ -]\p{Lu}\p{L}{1,20})?|\d{5})",
    )
});

/// Finds addresses whose street is named in another language than Chinese or English.
pub(super) fn foreign(view: &View) -> Vec<Hit> {
    let text = view.text();
    let mut hits = Vec::new();
    for pattern in [&NUMBER_FIRST, &NUMBER_LAST] {
        hits.extend(scan(pattern, text, |captures| {
            let found = captures.get(0)?;
            let before = char_before(text, found.start());
            let cut = before.is_alphanumeric() && before.is_ascii() || matches!(before, '$' | '€' | '£' | '.');
            if cut || char_after(text, found.end()).is_ascii_digit() {
                return None;
            }
            let mut end = found.end();
            while let Some(more) = BEHIND.find(&text[end..]) {
                end += more.end();
            }
            Some((found.start()..end, MaskKind::Address))
        }));
    }
    hits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    hits
}
