//! Does a value of one customer ever reach another? An archive full of marked values, thousands of questions, and every word of the answers read.
//!
//! Invented customers ([`people`]) talk to agents ([`talks`]) about their orders, refunds and addresses; the talks are written to a file and
//! taken in as an import takes them in. Then other invented customers ask: with values of their own, with a profile, without either, after
//! other people's data; and agents accept, reject, report and edit what they get, now and then pasting the data of another customer. A value
//! is *seen* when something of it that nobody else has stands in an answer to whoever it does not belong to and who did not write it.
//!
//! The row `unmasked` counts what the conversations behind the same suggestions hold as they were received: what would be seen without
//! masking, and proof that the values are where the questions lead.

mod people;
mod talks;
mod trial;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use self::people::{Person, Population};
use self::talks::{TOPICS, Topic, fields, filled};
use self::trial::Trial;
use self::watch::Watch;
use super::systems::SystemFigures;
use super::workbench::{EvalError, Workbench};
use crate::domain::desk::InvalidDeskId;
use crate::domain::random::SplitMix64;
use crate::domain::{ConversationDraft, DeskId, DeskSettings, ImportFormat};
use crate::ingest::{self, IngestError, ReadOptions};
use crate::rt;

/// The archive as it was received.
pub const UNMASKED: &str = "unmasked";

const DESK: &str = "leaks";

/// Customers who ask.
const ASKERS: usize = 36;

/// Most values that the invented names last for.
pub const MOST_VALUES: u32 = 900;

/// How much, and from which seed.
#[derive(Debug, Clone, Copy)]
pub struct LeakOptions {
    /// Values planted in the archive, at least.
    pub values: u32,
    /// Questions asked.
    pub questions: u32,
    /// Decides everything that is drawn.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug)]
pub struct LeakReport {
    /// Of the product: `planted` values in the archive, `suggestions` read, how many of these in `taught` wordings, slots `filled` and left
    /// `open`, `wrong_slots` (neither a value of the asker nor a gap), `values_seen`. Of [`UNMASKED`]: `values_seen`.
    pub figures: SystemFigures,
    /// Every value seen and every wrong slot, in words.
    pub faults: Vec<String>,
}

/// Plants values in an empty installation and asks; `scratch` is a folder for the file that is imported, `step` is called before every
/// question.
///
/// # Errors
/// `Unusable` for more values than there are names for; else whatever the installation fails with.
pub async fn leaks(bench: &Workbench, options: &LeakOptions, scratch: &Path, mut step: impl FnMut()) -> Result<LeakReport, EvalError> {
    if !(1..=MOST_VALUES).contains(&options.values) {
        return Err(EvalError::Unusable(format!("{} values: plant 1 to {MOST_VALUES}", options.values)));
    }
    let mut population = Population::new(options.seed);
    let mut random = SplitMix64::new(options.seed.wrapping_add(1));
    let archive = Archive::drawn(&mut population, &mut random, options.values as usize);
    let askers: Vec<Person> = (0..ASKERS).map(|_| population.person()).collect();
    let watch = Watch::over(&archive, &askers);
    let desk = archive.plant(bench, scratch).await?;
    let mut trial = Trial::new(bench, desk, &archive, &askers, &watch, random);
    for number in 1..=options.questions {
        step();
        trial.ask(number).await?;
    }
    trial.review_retired().await?;
    Ok(trial.report())
}

/// Customers of the past, what they said, and how many of their values were said.
struct Archive {
    people: Vec<Person>,
    /// By person: fields that were said.
    said: Vec<BTreeSet<&'static str>>,
    /// One JSON object a line.
    lines: String,
    /// Every conversation's id in the file and what was said in it.
    talks: Vec<(String, String)>,
    /// Values that were said.
    planted: usize,
}

impl Archive {
    fn drawn(population: &mut Population, random: &mut SplitMix64, values: usize) -> Self {
        let mut archive = Self { people: Vec::new(), said: Vec::new(), lines: String::new(), talks: Vec::new(), planted: 0 };
        while archive.planted < values {
            let person = population.person();
            let mut topics: Vec<&Topic> = TOPICS.iter().filter(|topic| topic.language == person.language).collect();
            random.shuffle(&mut topics);
            archive.said.push(BTreeSet::new());
            archive.people.push(person);
            for topic in topics {
                if archive.planted < values {
                    let talk = topic.archived[(random.next_u64() % topic.archived.len() as u64) as usize];
                    archive.add(talk, random.next_u64().is_multiple_of(2));
                }
            }
        }
        archive
    }

    /// Adds a conversation of the person drawn last.
    fn add(&mut self, talk: &[&'static str], with_profile: bool) {
        let owner = self.people.len() - 1;
        let person = &self.people[owner];
        let mut said: Vec<&'static str> = talk.iter().flat_map(|turn| fields(turn)).collect();
        let mut line = serde_json::json!({"id": format!("past-{}", self.talks.len()), "agent_id": "kf-1", "messages": []});
        if with_profile {
            line["customer"] = serde_json::json!({"name": person.written("name"), "phone": person.written("phone")});
            said.extend(["name", "phone"]);
        }
        let messages = talk.iter().zip(["customer", "agent"].into_iter().cycle());
        line["messages"] = messages.map(|(turn, role)| serde_json::json!({"role": role, "text": filled(turn, person)})).collect();
        let before = self.said[owner].len();
        self.said[owner].extend(said);
        self.planted += self.said[owner].len() - before;
        let words = talk.iter().map(|turn| filled(turn, person)).collect::<Vec<_>>().join("\n");
        self.talks.push((format!("past-{}", self.talks.len()), words));
        self.lines.push_str(&line.to_string());
        self.lines.push('\n');
    }

    /// Takes the conversations in as an import does: read from a file, merged, masked, mined, indexed. The desk shows everything it finds.
    async fn plant(&self, bench: &Workbench, scratch: &Path) -> Result<DeskId, EvalError> {
        let unusable = |detail: String| EvalError::Unusable(detail);
        let path = scratch.join("planted.jsonl");
        fs_err::write(&path, &self.lines).map_err(|error| unusable(error.to_string()))?;
        let options = ReadOptions { format: ImportFormat::Jsonl, mapping: None, start: None, now: bench.clock.now() };
        let read = move || {
            let mut reader = ingest::open(&path, options)?;
            let mut drafts: Vec<ConversationDraft> = Vec::new();
            while let Some(batch) = reader.next_batch()? {
                drafts.extend(batch.drafts);
            }
            Ok(drafts)
        };
        let drafts = rt::cpu(read).await?.map_err(|error: IngestError| unusable(error.to_string()))?;
        let desk: DeskId = DESK.parse().map_err(|error: InvalidDeskId| unusable(error.to_string()))?;
        bench.import(&desk, &drafts).await?;
        let everything = DeskSettings { threshold: Some(0.0), cross_language: true, ..DeskSettings::default() };
        bench.store.set_desk_settings(&desk, &everything).await?;
        Ok(desk)
    }
}
