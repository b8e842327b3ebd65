//! `riposte controls`: pins, boosts and blocks answers of a desk.

use clap::{ArgGroup, Args, Subcommand};
use serde_json::{Value, json};

use super::backend::{Backend, known_desk};
use super::{desk, print};
use crate::config::Config;
use crate::domain::{Control, ControlId, ControlKind, ControlRule, DeskId, EntryId, PairId, SuggestionId, Timestamp};
use crate::suggest::ControlCreate;

/// Controls read at a time.
const PAGE: u32 = 200;

#[derive(Debug, Subcommand)]
pub(super) enum ControlsCommand {
    /// Lists a desk's controls, newest first
    List {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
    },
    /// Pins, boosts or blocks an answer, or says what it must not match; holds from the next suggestion on
    Add(AddArgs),
    /// Removes a control, from the next suggestion on
    Remove {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
        /// Id of the control, as listed
        id: ControlId,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("answer").required(true), group = ArgGroup::new("decision").required(true))]
pub(super) struct AddArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// The answer of a knowledge entry: the `id` in its file, or its id in the API
    #[arg(long, value_name = "ID", group = "answer")]
    entry: Option<String>,
    /// The answer of an archived pair: `pair_id` of a suggestion's evidence
    #[arg(long, value_name = "ID", group = "answer")]
    pair: Option<PairId>,
    /// The answer that a suggestion showed
    #[arg(long, value_name = "ID", group = "answer")]
    suggestion: Option<SuggestionId>,
    /// It goes in front of all that are not pinned, and needs only half the desk's threshold
    #[arg(long, group = "decision")]
    pin: bool,
    /// Raise it by so many points on the log odds, or lower it: -3 to 3
    #[arg(long, value_name = "POINTS", allow_negative_numbers = true, group = "decision")]
    boost: Option<f64>,
    /// It is never shown
    #[arg(long, group = "decision")]
    block: bool,
    /// It is not shown when the question holds this phrase; repeat for several
    #[arg(long, value_name = "PHRASE", group = "decision")]
    must_not_match: Vec<String>,
    /// Why, for colleagues
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// First moment at which it no longer holds, such as 2027-01-01T00:00:00Z [default: for good]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    serde_json::from_value(json!(text)).map_err(|_no_time| "write a time with its offset, such as 2027-01-01T00:00:00Z".to_owned())
}

impl AddArgs {
    /// What the API takes.
    fn request(&self) -> ControlCreate {
        let kind = if self.pin {
            ControlKind::Pin
        } else if self.block {
            ControlKind::Block
        } else if self.boost.is_some() {
            ControlKind::Boost
        } else {
            ControlKind::MustNotMatch
        };
        // An entry's id follows from its desk and the id in its file.
        let entry = |id: &String| id.parse().unwrap_or_else(|_no_uuid| EntryId::derive(&[self.desk.as_str(), id]));
        ControlCreate {
            entry_id: self.entry.as_ref().map(entry),
            pair_id: self.pair,
            suggestion_id: self.suggestion,
            kind,
            points: self.boost,
            phrases: self.must_not_match.clone(),
            note: self.note.clone(),
            expires_at: self.until,
        }
    }
}

pub(super) async fn run(config: Config, command: ControlsCommand) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let done = match &command {
        ControlsCommand::List { desk } => list(&backend, desk).await,
        ControlsCommand::Add(args) => add(&backend, args).await,
        ControlsCommand::Remove { desk, id } => remove(&backend, desk, *id).await,
    };
    backend.close().await?;
    done
}

async fn list(backend: &Backend, desk: &DeskId) -> anyhow::Result<()> {
    let controls = match backend {
        Backend::Direct(app) => {
            known_desk(app, desk).await?;
            let mut all: Vec<Control> = Vec::new();
            loop {
                let after = all.last().map(|last| (last.created_at, last.id));
                let page = app.suggester.controls(desk, after, PAGE).await?;
                if page.is_empty() {
                    break all;
                }
                all.extend(page);
            }
        }
        Backend::Server(remote) => serde_json::from_value(Value::Array(remote.items(&address(desk))?))?,
    };
    for control in &controls {
        print(&line(control));
    }
    Ok(())
}

async fn add(backend: &Backend, args: &AddArgs) -> anyhow::Result<()> {
    let request = args.request();
    let control = match backend {
        Backend::Direct(app) => app.suggester.set_control(&args.desk, &request, "command line").await?.0,
        Backend::Server(remote) => remote.post(&address(&args.desk), &request)?,
    };
    print(&line(&control));
    Ok(())
}

async fn remove(backend: &Backend, desk: &DeskId, id: ControlId) -> anyhow::Result<()> {
    match backend {
        Backend::Direct(app) => app.suggester.remove_control(desk, id).await?,
        Backend::Server(remote) => remote.delete(&format!("{}/{id}", address(desk)))?,
    }
    print("removed");
    Ok(())
}

fn address(desk: &DeskId) -> String {
    format!("/v1/desks/{}/controls", desk.path_segment())
}

/// A control in one line: id, what it does, who decided it when, until when, which answer, why.
fn line(control: &Control) -> String {
    let does = match &control.rule {
        ControlRule::Pin => "pin".to_owned(),
        ControlRule::Boost { points } => format!("boost {points:+}"),
        ControlRule::Block => "block".to_owned(),
        ControlRule::MustNotMatch { phrases } => format!("must not match {}", json!(phrases)),
    };
    let until = control.expires_at.map_or_else(|| "for good".to_owned(), |at| format!("until {at}"));
    let answer = control.answer.split_whitespace().collect::<Vec<_>>().join(" ");
    let note = control.note.as_deref().unwrap_or_default();
    format!("{}\t{does}\t{} {}\t{until}\t{answer}\t{note}", control.id, control.actor, control.created_at)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        command: ControlsCommand,
    }

    fn request(arguments: &[&str]) -> Result<ControlCreate, clap::Error> {
        let cli = Cli::try_parse_from(["controls", "add", "--desk", "shop"].iter().chain(arguments).copied())?;
        let ControlsCommand::Add(args) = cli.command else { panic!("another command") };
        Ok(args.request())
    }

    #[test]
    fn one_answer_and_one_decision_are_named() {
        let by_file = EntryId::derive(&["shop", "return-window"]);
        let pinned = request(&["--entry", "return-window", "--pin"]).unwrap();
        assert_eq!((pinned.entry_id, pinned.kind), (Some(by_file), ControlKind::Pin));
        let by_id = request(&["--entry", &by_file.to_string(), "--block"]).unwrap();
        assert_eq!((by_id.entry_id, by_id.kind), (Some(by_file), ControlKind::Block));
        let lowered = request(&["--pair", &PairId::new().to_string(), "--boost", "-1.5", "--until", "2027-01-01T00:00:00Z"]).unwrap();
        assert_eq!((lowered.kind, lowered.points, lowered.expires_at.is_some()), (ControlKind::Boost, Some(-1.5), true));
        let suggestion = SuggestionId::new().to_string();
        let never = request(&["--suggestion", &suggestion, "--must-not-match", "预售", "--must-not-match", "gift card"]).unwrap();
        assert_eq!((never.kind, never.phrases), (ControlKind::MustNotMatch, vec!["预售".to_owned(), "gift card".to_owned()]));
        for refused in [
            ["--entry", "a"].as_slice(),
            &["--pin"],
            &["--entry", "a", "--pin", "--block"],
            &["--entry", "a", "--pair", "0192f0c1-a2b3-7c4d-8e5f-60718293a4b5", "--pin"],
            &["--pair", "a", "--pin"],
            &["--entry", "a", "--pin", "--until", "tomorrow"],
        ] {
            assert!(request(refused).is_err(), "{refused:?}");
        }
    }
}
