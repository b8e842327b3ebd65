//! `riposte clusters`: frequent-question clusters, made anew, listed, shown.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::backend::{Backend, known_desk};
use super::remote::encoded;
use super::{desk, one_line, print};
use crate::config::Config;
use crate::curation::{ClusterQuery, ClusterSort};
use crate::domain::{Cluster, ClusterId, ClusterMember, ClusterState, DeskId, JobState};

/// Clusters read at a time.
const PAGE: u32 = 200;
/// Questions shown of one cluster, as many as the API shows.
const MEMBERS: usize = 200;

#[derive(Debug, Subcommand)]
pub(super) enum ClustersCommand {
    /// Groups a desk's questions anew
    Rebuild {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
    },
    /// Lists a desk's clusters: id, state, questions, customers, change of share, answers that contradict each other, name
    List(ListArgs),
    /// Shows a cluster with its answers and questions
    Show {
        /// The desk
        #[arg(long, value_parser = desk)]
        desk: DeskId,
        /// The cluster
        id: ClusterId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The desk
    #[arg(long, value_parser = desk)]
    desk: DeskId,
    /// Only those in this state
    #[arg(long, value_parser = state)]
    state: Option<ClusterState>,
    /// Only those with this in name, representative question or keywords
    #[arg(long)]
    words: Option<String>,
    /// Only those whose answers contradict each other
    #[arg(long)]
    conflicting: bool,
    /// The order
    #[arg(long, value_enum, default_value = "size")]
    sort: Order,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// As JSON lines, whole
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Size,
    Customers,
    Trend,
    Recent,
    Impact,
}

impl Order {
    const fn sort(self) -> ClusterSort {
        match self {
            Self::Size => ClusterSort::Size,
            Self::Customers => ClusterSort::Customers,
            Self::Trend => ClusterSort::Trend,
            Self::Recent => ClusterSort::Recent,
            Self::Impact => ClusterSort::Impact,
        }
    }
}

fn state(code: &str) -> Result<ClusterState, String> {
    serde_json::from_value(json!(code)).map_err(|_unknown| "write open, approved, snoozed or dismissed".to_owned())
}

/// A cluster with its questions, as the API shows it.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    #[serde(flatten)]
    cluster: Cluster,
    members: Vec<ClusterMember>,
}

pub(super) async fn run(config: Config, command: ClustersCommand) -> anyhow::Result<()> {
    let backend = Backend::open(config).await?;
    let done = match &command {
        ClustersCommand::Rebuild { desk } => rebuild(&backend, desk).await,
        ClustersCommand::List(args) => list(&backend, args).await,
        ClustersCommand::Show { desk, id, json } => show(&backend, desk, *id, *json).await,
    };
    backend.close().await?;
    done
}

async fn rebuild(backend: &Backend, desk: &DeskId) -> anyhow::Result<()> {
    let (state, result, error) = match backend {
        Backend::Direct(app) => {
            app.wait_until_indexed().await?;
            let job = app.jobs.start_cluster_rebuild(desk).await?;
            let job = app.follow_job(job.id, |_| {}).await?;
            (job.state.as_str().to_owned(), job.result.unwrap_or_default(), job.error)
        }
        Backend::Server(remote) => {
            let mut job: Value = remote.post("/v1/clusters/rebuild", &json!({ "desk": desk }))?;
            let id = job["id"].as_str().context("the server's answer names no job")?.to_owned();
            while !matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
                tokio::time::sleep(Duration::from_millis(200)).await;
                job = remote.get(&format!("/v1/jobs/{id}"))?;
            }
            (job["state"].as_str().unwrap_or_default().to_owned(), job["result"].clone(), job["error"].as_str().map(str::to_owned))
        }
    };
    if state != JobState::Succeeded.as_str() {
        bail!("clustering {state}: {}", error.unwrap_or_default());
    }
    print(&format!("{} clusters, {} questions left as outliers", result["clusters"], result["outliers"]));
    Ok(())
}

async fn list(backend: &Backend, args: &ListArgs) -> anyhow::Result<()> {
    let clusters = match backend {
        Backend::Direct(app) => {
            let desk = known_desk(app, &args.desk).await?;
            let mut query = ClusterQuery {
                min_customers: desk.settings.least_customers(),
                state: args.state,
                text: args.words.clone(),
                conflicting: args.conflicting.then_some(true),
                sort: args.sort.sort(),
                limit: PAGE,
                ..ClusterQuery::default()
            };
            let mut clusters: Vec<Cluster> = Vec::new();
            while clusters.len() < args.limit {
                let page = app.curator.clusters(&args.desk, &query).await?;
                let Some(last) = page.last() else { break };
                query.after = Some((query.sort.value(last), last.id));
                clusters.extend(page);
            }
            clusters
        }
        Backend::Server(remote) => {
            let mut query = format!("desk={}&sort={}", args.desk.path_segment(), args.sort.sort().as_str());
            if let Some(state) = args.state {
                query.push_str(&format!("&state={}", state.as_str()));
            }
            if args.conflicting {
                query.push_str("&conflicting=true");
            }
            if let Some(words) = &args.words {
                query.push_str(&format!("&q={}", encoded(words)));
            }
            serde_json::from_value(remote.items_where("/v1/clusters", &query)?.into())?
        }
    };
    if !args.json {
        print("cluster                               state      questions  customers   trend  conflicts  name");
    }
    for cluster in clusters.iter().take(args.limit) {
        if args.json {
            print(&serde_json::to_string(cluster)?);
            continue;
        }
        let conflicts = cluster.answers.iter().map(|answer| answer.contradicts.len()).sum::<usize>() / 2;
        let Cluster { id, state, size, customers, trend, name, .. } = cluster;
        print(&format!(
            "{id}  {:<9}  {size:>9}  {customers:>9}  {:>+5.1}%  {conflicts:>9}  {}",
            state.as_str(),
            trend * 100.0,
            one_line(name)
        ));
    }
    Ok(())
}

async fn show(backend: &Backend, desk: &DeskId, id: ClusterId, as_json: bool) -> anyhow::Result<()> {
    let shown = match backend {
        Backend::Direct(app) => {
            known_desk(app, desk).await?;
            let found = app.curator.cluster(desk, id).await?;
            let (cluster, members) =
                found.with_context(|| format!("desk `{desk}` has no cluster {id}; `riposte clusters list` tells which there are"))?;
            Shown { cluster, members: members.into_iter().take(MEMBERS).collect() }
        }
        Backend::Server(remote) => remote.get(&format!("/v1/clusters/{id}?desk={}", desk.path_segment()))?,
    };
    if as_json {
        print(&serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let Shown { cluster, members } = &shown;
    print(&format!("{} ({})", one_line(&cluster.name), cluster.state.as_str()));
    print(&format!(
        "{} questions of {} customers in {} conversations, {:.1} % of the desk's",
        cluster.size,
        cluster.customers,
        cluster.conversations,
        cluster.share * 100.0
    ));
    print(&format!("keywords: {}", cluster.keywords.join(", ")));
    for (place, answer) in cluster.answers.iter().enumerate() {
        let against: Vec<String> = answer.contradicts.iter().map(|other| (other + 1).to_string()).collect();
        let against = if against.is_empty() { String::new() } else { format!(" (contradicts answer {})", against.join(", ")) };
        print(&format!("answer {}, given {} times{against}: {}", place + 1, answer.support, one_line(&answer.text)));
    }
    for member in members {
        print(&format!("{:>5.2}  {}  {}", member.similarity, member.pair_id, one_line(&member.question)));
    }
    if let more @ 1.. = (cluster.size as usize).saturating_sub(members.len()) {
        print(&format!("and {more} more"));
    }
    Ok(())
}
