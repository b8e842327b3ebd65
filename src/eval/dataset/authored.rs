//! Authored groups: wordings of one question and the answers to it, in both languages, one file a trade.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::lines::{Lines, Object};
use super::{DatasetError, Problem};
use crate::domain::Language;

/// What the files are called behind the trade's name.
const ENDINGS: [&str; 2] = [".jsonl", ".jsonl.gz"];

/// The groups of one trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// Its name, which is that of the file.
    pub name: String,
    /// Its groups, in the order of the file; never empty.
    pub intents: Vec<AuthoredIntent>,
}

/// One thing that customers ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoredIntent {
    /// Its id, unique over all files.
    pub id: String,
    /// How it is asked and answered in Chinese.
    pub zh: Phrasing,
    /// The same in English.
    pub en: Phrasing,
}

/// How one thing is asked and answered in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrasing {
    /// Ways to ask it, two at least: one asks, another is to be found.
    pub wordings: Vec<String>,
    /// Ways to answer it, one at least.
    pub answers: Vec<String>,
}

impl AuthoredIntent {
    /// How it is asked and answered in `language`.
    #[must_use]
    pub const fn in_language(&self, language: Language) -> &Phrasing {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// Reads `TRADE.jsonl` (plain or `.gz`) of every trade in `trades`, in that order; of every trade of the folder, by name, where `trades` is
/// empty. A line holds `id`, `trade` (the file's name), `zh`, `en`, `answers_zh` and `answers_en`.
///
/// # Errors
/// When a trade is missing, named or stored twice, a file can't be read, a list is too short, an id occurs twice in what is read, or a
/// wording occurs twice in a trade: then the question would be its own answer, or two answers would be right.
pub fn read_authored(folder: &Path, trades: &[String]) -> Result<Vec<Trade>, DatasetError> {
    let files = trade_files(folder)?;
    let mut names: Vec<&String> = Vec::new();
    for name in trades {
        if names.contains(&name) {
            return Err(DatasetError::NamedTwice { trade: name.clone() });
        }
        names.push(name);
    }
    if trades.is_empty() {
        names.extend(files.keys());
    }
    if names.is_empty() {
        return Err(DatasetError::Empty { path: folder.to_owned(), what: "TRADE.jsonl" });
    }
    let mut ids = HashSet::new();
    names
        .into_iter()
        .map(|name| {
            let file = files.get(name).ok_or_else(|| DatasetError::NoTrade {
                folder: folder.to_owned(),
                trade: name.clone(),
                known: files.keys().cloned().collect::<Vec<_>>().join(", "),
            })?;
            trade(name, file, &mut ids)
        })
        .collect()
}

fn trade_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>, DatasetError> {
    let failed = |source| DatasetError::Open { path: folder.to_owned(), source };
    let mut files = BTreeMap::new();
    for item in fs_err::read_dir(folder).map_err(failed)? {
        let path = item.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(trade) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).map(str::to_owned) else { continue };
        if files.contains_key(&trade) {
            return Err(DatasetError::StoredTwice { folder: folder.to_owned(), trade });
        }
        files.insert(trade, path);
    }
    Ok(files)
}

fn trade(name: &str, file: &Path, ids: &mut HashSet<String>) -> Result<Trade, DatasetError> {
    let mut lines = Lines::open(file)?;
    let mut intents = Vec::new();
    let mut wordings = HashSet::new();
    while let Some(object) = lines.next_object()? {
        let intent = intent(&object, name, &mut wordings).map_err(|problem| lines.wrong(problem))?;
        if !ids.insert(intent.id.clone()) {
            return Err(lines.wrong(Problem::Duplicate));
        }
        intents.push(intent);
    }
    if intents.is_empty() {
        return Err(DatasetError::Empty { path: file.to_owned(), what: "group" });
    }
    Ok(Trade { name: name.to_owned(), intents })
}

fn intent(object: &Object, trade: &str, before: &mut HashSet<String>) -> Result<AuthoredIntent, Problem> {
    if object.text("trade")? != trade {
        return Err(object.not("trade", "the file's name"));
    }
    let mut phrasing = |wordings: &'static str, answers: &'static str| -> Result<Phrasing, Problem> {
        let phrasing = Phrasing { wordings: filled(object, wordings, 2)?, answers: filled(object, answers, 1)? };
        for (place, wording) in phrasing.wordings.iter().enumerate() {
            if !before.insert(wording.trim().to_owned()) {
                return Err(Problem::Repeated { field: format!("{wordings}[{place}]") });
            }
        }
        Ok(phrasing)
    };
    Ok(AuthoredIntent { zh: phrasing("zh", "answers_zh")?, en: phrasing("en", "answers_en")?, id: object.id("id")? })
}

/// A list of `least` (1 or 2) texts or more, none of them blank.
fn filled(object: &Object, name: &str, least: usize) -> Result<Vec<String>, Problem> {
    let texts = object.texts(name)?;
    if texts.len() < least {
        return Err(object.not(name, if least == 2 { "a list of two strings at least" } else { "a list of one string at least" }));
    }
    if let Some(place) = texts.iter().position(|text| text.trim().is_empty()) {
        return Err(object.not(&format!("{name}[{place}]"), "a string that is not blank"));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write, write_gz};
    use super::*;

    fn line(id: &str, trade: &str, zh: &[&str], en: &[&str]) -> String {
        let fields = serde_json::json!({
            "id": id, "trade": trade, "intent": "x", "zh": zh, "en": en, "answers_zh": ["答"], "answers_en": ["answer"], "near": []
        });
        format!("{fields}\n")
    }

    fn names(folder: &Path, trades: &[&str]) -> Vec<String> {
        let trades: Vec<String> = trades.iter().map(|&trade| trade.to_owned()).collect();
        read_authored(folder, &trades).unwrap().into_iter().map(|trade| trade.name).collect()
    }

    #[test]
    fn reads_the_trades_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "games.jsonl", &line("g1", "games", &["怎么充值", "咋充钱"], &["how to top up", "top up?"]));
        write_gz(folder.path(), "bank.jsonl.gz", &line("b1", "bank", &["怎么充值", "开卡"], &["open an account", "new card"]));
        write(folder.path(), "README.md", "no trade");
        assert_eq!(names(folder.path(), &[]), ["bank", "games"]);
        assert_eq!(names(folder.path(), &["games", "bank"]), ["games", "bank"]);
        assert_eq!(names(folder.path(), &["games"]), ["games"]);
        let games = &read_authored(folder.path(), &["games".to_owned()]).unwrap()[0].intents[0];
        assert_eq!(games.id, "g1");
        assert_eq!(games.in_language(Language::Zh).wordings, ["怎么充值", "咋充钱"]);
        assert_eq!(games.in_language(Language::En).answers, ["answer"]);
    }

    #[test]
    fn the_repositorys_own_groups_are_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/train/authored");
        let trades = read_authored(&folder, &[]).unwrap();
        assert!(trades.len() > 20 && trades.iter().all(|trade| trade.intents.len() >= 10), "{} trades", trades.len());
        for trade in trades {
            let ids: HashSet<&str> = trade.intents.iter().map(|intent| intent.id.as_str()).collect();
            let text = fs_err::read_to_string(folder.join(format!("{}.jsonl", trade.name))).unwrap();
            for line in text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let mut near = line["near"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
                assert!(near.all(|id| ids.contains(id) && id != line["id"]), "{}: {}", line["id"], line["near"]);
            }
        }
    }

    #[test]
    fn trades_that_are_missing_or_there_twice_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let message = |trades: &[&str]| {
            let trades: Vec<String> = trades.iter().map(|&trade| trade.to_owned()).collect();
            read_authored(folder.path(), &trades).unwrap_err().to_string()
        };
        assert!(message(&[]).ends_with("holds no TRADE.jsonl"));
        let games = line("g1", "games", &["怎么充值", "咋充钱"], &["how to top up", "top up?"]);
        write(folder.path(), "games.jsonl", &games);
        write(folder.path(), "bank.jsonl", &line("b1", "bank", &["开卡", "办卡"], &["open an account", "new card"]));
        assert!(message(&["game"]).ends_with("holds no game.jsonl (nor game.jsonl.gz); trades there: bank, games"));
        assert_eq!(message(&["games", "bank", "games"]), "trade games is named twice");

        // A copy under another name, as it is and with its trade changed.
        write(folder.path(), "play.jsonl", &games);
        assert!(message(&[]).ends_with("play.jsonl:1: field \"trade\" must be the file's name"));
        write(folder.path(), "play.jsonl", &games.replace("\"games\"", "\"play\""));
        assert!(message(&[]).ends_with("play.jsonl:1: this id occurred before"));
        write_gz(folder.path(), "games.jsonl.gz", &games);
        assert!(message(&["bank"]).ends_with("holds games.jsonl and games.jsonl.gz: remove one of them"));
        assert!(read_authored(&folder.path().join("absent"), &[]).unwrap_err().to_string().starts_with("cannot open"));
    }

    #[test]
    fn lists_that_give_no_figure_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let good = line("g1", "games", &["一", "二"], &["a", "b"]);
        for (content, expected) in [
            (good.replace("[\"一\",\"二\"]", "[]"), ":1: field \"zh\" must be a list of two strings at least"),
            (good.replace("[\"a\",\"b\"]", "[\"a\"]"), ":1: field \"en\" must be a list of two strings at least"),
            (good.replace("[\"答\"]", "[]"), ":1: field \"answers_zh\" must be a list of one string at least"),
            (good.replace("\"answers_en\"", "\"answers\""), ":1: field \"answers_en\" must be a list of one string at least"),
            (good.replace("\"二\"", "\" \""), ":1: field \"zh[1]\" must be a string that is not blank"),
            (good.replace("\"b\"", "\"a \""), ":1: field \"en[1]\" repeats an earlier text"),
            (good.clone() + &line("g2", "games", &["三", "二"], &["c", "d"]), ":2: field \"zh[1]\" repeats an earlier text"),
            (good.clone() + &line("g1", "games", &["三", "四"], &["c", "d"]), ":2: this id occurred before"),
            (String::new(), "holds no group"),
        ] {
            write(folder.path(), "games.jsonl", &content);
            let message = read_authored(folder.path(), &[]).unwrap_err().to_string();
            assert!(message.ends_with(expected), "{message}");
        }
    }
}
