//! Finds the values of invented people in texts, however they are grouped or written.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;

use super::Archive;
use super::people::{Mark, Person, compact};
use crate::text::normalise::fold;

/// A value that must not be seen by others.
pub(super) struct Watched {
    /// Archived people first, then those who ask.
    pub(super) owner: usize,
    /// Its name in the templates.
    pub(super) field: &'static str,
    /// As it is written.
    pub(super) written: String,
}

/// Finds watched values in texts.
pub(super) struct Watch {
    /// All of them.
    pub(super) values: Vec<Watched>,
    compact: Regex,
    by_compact: HashMap<String, usize>,
    by_word: HashMap<String, usize>,
}

/// Figures with a fraction, and words of letters.
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a constant pattern that every run uses")]
    Regex::new(r"\d[\d,]*\.\d+|[a-z]+").expect("a constant pattern compiles")
});

impl Watch {
    /// Whatever was planted of the archive's people, and everything of those who ask.
    pub(super) fn over(archive: &Archive, askers: &[Person]) -> Self {
        let mut watch = Self { values: Vec::new(), compact: WORDS.clone(), by_compact: HashMap::new(), by_word: HashMap::new() };
        let said = |owner: usize, field: &str| archive.said.get(owner).is_none_or(|said| said.contains(field));
        for (owner, person) in archive.people.iter().chain(askers).enumerate() {
            for value in person.values.iter().filter(|value| said(owner, value.field)) {
                for mark in &value.marks {
                    match mark {
                        Mark::Compact(mark) => watch.by_compact.insert(mark.clone(), watch.values.len()),
                        Mark::Word(mark) => watch.by_word.insert(mark.clone(), watch.values.len()),
                    };
                }
                watch.values.push(Watched { owner, field: value.field, written: value.written.clone() });
            }
        }
        let mut marks: Vec<&str> = watch.by_compact.keys().map(String::as_str).collect();
        marks.sort_unstable();
        #[expect(clippy::expect_used, reason = "letters and figures only, some ten thousand characters of them")]
        let compact = Regex::new(&marks.join("|")).expect("an alternation of letters and figures compiles");
        Self { compact, ..watch }
    }

    /// The values (their places) that stand in a text.
    pub(super) fn in_text(&self, text: &str) -> BTreeSet<usize> {
        let (folded, compacted) = (fold(text), compact(text));
        let mut found: BTreeSet<usize> =
            self.compact.find_iter(&compacted).filter_map(|mark| self.by_compact.get(mark.as_str()).copied()).collect();
        found.extend(WORDS.find_iter(&folded).filter_map(|word| self.by_word.get(word.as_str()).copied()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::people::Population;
    use super::super::talks::filled;
    use super::*;
    use crate::domain::random::SplitMix64;

    #[test]
    fn values_are_found_however_they_are_written_and_nobody_elses_are() {
        let mut population = Population::new(5);
        let archive = Archive::drawn(&mut population, &mut SplitMix64::new(6), 120);
        let watch = Watch::over(&archive, &[population.person()]);
        assert!(watch.values.len() >= 120);
        for (place, value) in watch.values.iter().enumerate() {
            let spread: String = value
                .written
                .chars()
                .flat_map(|c| [c, if c.is_ascii_digit() && value.field == "phone" { ' ' } else { '\u{200B}' }])
                .collect();
            for text in [format!("x {} y", value.written), spread] {
                let found = watch.in_text(&text);
                assert!(found.contains(&place) && found.len() == 1, "{text}: {found:?}");
            }
        }
        let owner = archive.people.len() - 1;
        let told = watch.in_text(&filled("{name} / {phone} / {amount}", &archive.people[owner]));
        assert!(told.iter().all(|&place| watch.values[place].owner == owner) && !told.is_empty());
        assert!(watch.in_text("您好，请问有什么可以帮您？ The courier will call you on [PHONE].").is_empty());
    }
}
