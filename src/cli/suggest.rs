//! `riposte suggest`: what the API answers, for people and scripts.

use std::path::PathBuf;

use clap::Args;

use super::backend::Backend;
use super::{context, desk, print};
use crate::config::Config;
use crate::domain::{DeskId, Language, Pool};
use crate::embed::Lane;
use crate::suggest::request::{SuggestFilters, SuggestRequest, SuggestResponse};

#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Desk whose archive and knowledge are used
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// The conversation so far: a file, or - for standard input
    ///
    /// One message a line, with who speaks before it: `customer:` or `agent:`, `客户：` or `客服：`, also `bot:` and `system:` (and the other
    /// names that imports know); a line without such a word is the customer's. Or JSON: a list of messages with `role` and `text`, or the
    /// conversation as `POST /v1/suggestions` takes it.
    #[arg(long, value_name = "FILE|-")]
    context: PathBuf,
    /// Replies wanted, 1 to 20
    #[arg(long)]
    limit: Option<u32>,
    /// Language of the replies (zh or en) [default: the customer's]
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// Use one pool only (archive or knowledge)
    #[arg(long, value_parser = pool)]
    pool: Option<Pool>,
    /// Print the whole answer as JSON
    #[arg(long)]
    json: bool,
}

fn language(text: &str) -> Result<Language, String> {
    Language::from_code(text).ok_or_else(|| "write zh or en".to_owned())
}

fn pool(text: &str) -> Result<Pool, String> {
    Pool::from_code(text).ok_or_else(|| "write archive or knowledge".to_owned())
}

pub(super) async fn run(config: Config, args: SuggestArgs) -> anyhow::Result<()> {
    let request = SuggestRequest {
        desk: args.desk,
        conversation: context::read(&args.context)?,
        limit: args.limit,
        language: args.language,
        filters: SuggestFilters { pools: args.pool.into_iter().collect(), ..SuggestFilters::default() },
        explain: false,
    };
    let response = match Backend::open(config).await? {
        Backend::Direct(app) => {
            app.wait_until_indexed().await?;
            let response = app.suggester.suggest(&request, "command line", Lane::Interactive).await;
            app.close().await?;
            response?
        }
        Backend::Server(remote) => remote.post("/v1/suggestions", &request)?,
    };
    if args.json {
        print(&serde_json::to_string_pretty(&response)?);
    } else {
        show(&response);
    }
    Ok(())
}

fn show(response: &SuggestResponse) {
    print(&format!("question: {}", response.query.text));
    if let Some(abstained) = &response.abstained {
        print(&format!("nothing suggested: {}", abstained.detail));
    }
    for suggestion in &response.suggestions {
        print(&format!(
            "\n{}. {:.0} %  {} · seen {}×",
            suggestion.rank,
            suggestion.score * 100.0,
            suggestion.pool.as_str(),
            suggestion.support
        ));
        for line in suggestion.text.lines() {
            print(&format!("   {line}"));
        }
        if let Some(evidence) = suggestion.evidence.first() {
            let when = evidence.answered_at.map(|at| format!(" ({at})")).unwrap_or_default();
            print(&format!("   asked before: {}{when}", evidence.question));
        }
    }
    let timings = response.timings_ms;
    print(&format!("\n{:.0} ms: embedding {:.0}, search {:.0}, ranking {:.0}", timings.total, timings.embed, timings.search, timings.rank));
}
