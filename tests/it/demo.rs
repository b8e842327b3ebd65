//! The demo archive keeps its promises: size, variety, readable by the product's own readers, and hardly a sentence twice.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use riposte::domain::{ConversationDraft, EntryStatus, ImportFormat, Role, Timestamp};
use riposte::ingest::{ReadOptions, open};
use riposte::knowledge::{KnowledgeFormat, exchange};
use riposte::text::acts::{AgentAct, agent_act, customer_act};
use riposte::text::mask::mask;

const DESKS: [&str; 3] = ["shop", "bank", "education"];

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/demo")
}

/// Behind the last conversation of the archive.
fn now() -> Timestamp {
    let moment: jiff::Timestamp = "2026-11-15T00:00:00Z".parse().unwrap();
    Timestamp::from_micros(moment.as_microsecond())
}

fn conversations(language: &str) -> Vec<ConversationDraft> {
    let mut all = Vec::new();
    for desk in DESKS {
        let file = demo().join(desk).join(format!("conversations.{language}.jsonl"));
        let mut reader = open(&file, ReadOptions { format: ImportFormat::Jsonl, mapping: None, start: None, now: now() }).unwrap();
        while let Some(batch) = reader.next_batch().unwrap() {
            assert_eq!(batch.rejected, [], "{}", file.display());
            all.extend(batch.drafts);
        }
    }
    all
}

#[test]
fn there_is_enough_of_it() {
    let (zh, en) = (conversations("zh"), conversations("en"));
    assert!(zh.len() >= 300, "{} Chinese conversations", zh.len());
    assert!(en.len() >= 150, "{} English conversations", en.len());
    let ids: BTreeSet<&str> = zh.iter().chain(&en).map(|conversation| conversation.external_id.as_str()).collect();
    assert_eq!(ids.len(), zh.len() + en.len(), "two conversations have the same id");
    for (language, conversations) in [("zh", &zh), ("en", &en)] {
        let kinds: BTreeSet<&str> = conversations.iter().flat_map(|conversation| &conversation.tags).map(String::as_str).collect();
        assert!(kinds.len() >= 40, "{} kinds of question in {language}", kinds.len());
    }
    assert!(zh.iter().chain(&en).all(|conversation| conversation.messages.len() >= 3));
}

#[test]
fn every_entry_can_be_read() {
    let mut published = 0;
    let mut total = 0;
    for desk in DESKS {
        let exchange::KnowledgeFile { entries, rejected } =
            exchange::read(&demo().join(desk).join("entries"), KnowledgeFormat::Md, None).unwrap();
        assert_eq!(rejected, [], "{desk}");
        assert!(entries.iter().all(|entry| entry.desk.as_str() == format!("demo-{desk}")), "an entry of {desk} names another desk");
        published += entries.iter().filter(|entry| entry.content.status == EntryStatus::Published).count();
        total += entries.len();
    }
    assert!(total >= 40, "{total} entries");
    assert!(published >= 40, "{published} published entries");
}

/// Turns (consecutive messages of one role) that say something, masked, without their case.
fn turns(conversation: &ConversationDraft) -> Vec<String> {
    let mut turns: Vec<(Role, Vec<&str>)> = Vec::new();
    for message in &conversation.messages {
        match turns.last_mut() {
            Some((role, texts)) if *role == message.role => texts.push(&message.text),
            _ => turns.push((message.role, vec![&message.text])),
        }
    }
    let says_something = |role: Role, text: &str| match role {
        Role::Customer => !customer_act(text).is_small_talk(),
        Role::Agent => !matches!(agent_act(text), AgentAct::Opening | AgentAct::Closing | AgentAct::Acknowledgement),
        Role::Bot | Role::System => true,
    };
    let masked = turns.into_iter().map(|(role, texts)| (role, mask(&texts.join("\n"), &[]).text));
    masked.filter(|(role, text)| says_something(*role, text)).map(|(_, text)| text.trim().to_lowercase()).collect()
}

#[test]
fn hardly_a_turn_occurs_twice() {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for turn in ["zh", "en"].into_iter().flat_map(conversations).flat_map(|conversation| turns(&conversation)) {
        *counts.entry(turn).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let mut repeated: Vec<(&String, &usize)> = counts.iter().filter(|(_, count)| **count > 1).collect();
    repeated.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let share = repeated.iter().map(|(_, count)| **count).sum::<usize>() as f64 / total as f64;
    assert!(total > 2_000, "{total} turns");
    assert!(share <= 0.05, "{:.1} % of {total} turns occur twice: {:?}", share * 100.0, &repeated[..repeated.len().min(20)]);
}
