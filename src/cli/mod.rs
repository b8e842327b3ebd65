//! The command line. Every command takes `--data-dir`; those that work on data do so over the API when a server runs on the folder, else
//! directly.

mod access;
mod adapt;
mod backend;
mod backup;
mod clusters;
mod context;
mod controls;
mod desks;
mod eval;
mod import;
mod knowledge;
mod migrate_store;
mod models;
mod progress;
mod remote;
mod serve;
mod suggest;
mod worklists;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Config, DEFAULT_FILE, Flags};
use crate::domain::DeskId;
use crate::telemetry::export::TraceExport;

/// Exit code when an evaluation has got worse than its baseline.
const EXIT_REGRESSION: u8 = 3;

/// Reply suggestions and frequent-question clusters from archived customer conversations, on your own machine.
#[derive(Debug, Parser)]
#[command(name = "riposte", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Args)]
struct Common {
    /// Folder with everything the installation keeps [environment: RIPOSTE__DATA_DIR; default: riposte in your data home]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Settings file [default: riposte.toml in the data folder]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Overrides one setting, e.g. --set log.filter=debug (see `riposte config default`)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    assignments: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the server
    Serve(serve::ServeArgs),
    /// Reads files of conversations into a desk's archive
    Import(import::ImportArgs),
    /// Suggests replies to a live conversation
    Suggest(suggest::SuggestArgs),
    /// Knowledge entries
    #[command(subcommand)]
    Knowledge(knowledge::KnowledgeCommand),
    /// Frequent-question clusters
    #[command(subcommand)]
    Clusters(clusters::ClustersCommand),
    /// Lists questions that got no good answer
    Gaps(worklists::GapsArgs),
    /// Lists answers that can't both be right
    Conflicts(worklists::ConflictsArgs),
    /// Counts the entries that want an editor, or lists them
    Worklists(worklists::WorklistsArgs),
    /// Desks and their settings
    #[command(subcommand)]
    Desks(desks::DesksCommand),
    /// Answers that are pinned, boosted or blocked
    #[command(subcommand)]
    Controls(controls::ControlsCommand),
    /// Adapts the encoder to a desk's archive, if that makes suggestions better
    Adapt(adapt::AdaptArgs),
    /// Accounts
    #[command(subcommand)]
    User(access::UserCommand),
    /// API keys
    #[command(subcommand)]
    Key(access::KeyCommand),
    /// Measures accuracy on labelled sets and archives
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    /// Encoders: lists known ones, fetches one, tries one, writes a manifest
    #[command(subcommand)]
    Models(models::ModelsCommand),
    /// Fills a new index from the store (after a change of encoder)
    Reindex,
    /// Copies the installation to a new folder, whether or not a server runs on it
    Backup(backup::BackupArgs),
    /// Puts a backup into an empty data folder
    Restore(backup::RestoreArgs),
    /// Moves the embedded store into the PostgreSQL database of the settings, and compares the two
    MigrateStore(migrate_store::MigrateStoreArgs),
    /// Settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Prints the API description (OpenAPI, JSON)
    Openapi,
    /// Asks a running server whether it is ready
    Healthcheck,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Prints the commented reference file
    Default,
    /// Prints the settings in force, secrets left out
    Show,
}

/// Parses the command line and runs it.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("the async runtime can't be started")),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("riposte: {error:#}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let listen = if let Command::Serve(args) = &cli.command { args.listen.clone() } else { None };
    let flags = Flags { data_dir: cli.common.data_dir, file: cli.common.config, listen, assignments: cli.common.assignments };
    match cli.command {
        Command::Config(ConfigCommand::Default) => print(DEFAULT_FILE.trim_end()),
        Command::Openapi => print(&serde_json::to_string_pretty(&crate::http::openapi())?),
        Command::Models(command) => return models::run(command, &flags),
        command => {
            let config = Config::load(&flags)?;
            // Commands that report on standard output keep the log quiet unless a filter was asked for.
            let filter =
                if matches!(command, Command::Serve(_)) || config.log_filter != "info" { config.log_filter.as_str() } else { "warn" };
            let endpoint = config.traces_endpoint.clone().filter(|_| matches!(command, Command::Serve(_)));
            let traces = endpoint.map(|endpoint| TraceExport { endpoint, share: config.traces_share });
            let _traces = crate::telemetry::init(filter, config.log_json, traces.as_ref())?;
            return Box::pin(dispatch(command, config)).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn dispatch(command: Command, config: Config) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(_) => serve::run(config).await?,
        Command::Import(args) => return import::run(config, args).await,
        Command::Suggest(args) => suggest::run(config, args).await?,
        Command::Knowledge(command) => return knowledge::run(config, command).await,
        Command::Clusters(command) => clusters::run(config, command).await?,
        Command::Gaps(args) => worklists::run_gaps(config, args).await?,
        Command::Conflicts(args) => worklists::run_conflicts(config, args).await?,
        Command::Worklists(args) => worklists::run_worklists(config, args).await?,
        Command::Desks(command) => desks::run(config, command).await?,
        Command::Controls(command) => controls::run(config, command).await?,
        Command::Adapt(args) => return adapt::run(config, args).await,
        Command::User(command) => access::run_user(config, command).await?,
        Command::Key(command) => access::run_key(config, command).await?,
        Command::Eval(command) => return Box::pin(eval::run(config, command)).await,
        Command::Reindex => knowledge::reindex(config).await?,
        Command::Backup(args) => backup::run_backup(&config, args).await?,
        Command::Restore(args) => backup::run_restore(&config, args).await?,
        Command::MigrateStore(args) => migrate_store::run(&config, args).await?,
        Command::Config(ConfigCommand::Show) => show(&config),
        Command::Healthcheck => serve::healthcheck(&config)?,
        Command::Config(ConfigCommand::Default) | Command::Openapi | Command::Models(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn show(config: &Config) {
    print(&format!("data folder     {}", config.data_dir.display()));
    print(&format!(
        "store           {}",
        if config.store_url.is_some() { "PostgreSQL, address from the settings" } else { "riposte.db in the data folder" }
    ));
    if let Some(folder) = &config.shared_folder {
        print(&format!("shared folder   {}", folder.display()));
    }
    print(&format!(
        "index           {}",
        config.index_server.as_ref().map_or_else(
            || "folder index in the data folder".to_owned(),
            |server| format!("Qdrant at {}, collections {}-…", server.addresses.join(", "), server.collection_prefix)
        )
    ));
    print(&format!("quantization    {}", config.index_quantization.as_str()));
    print(&format!("listen          {}", config.listen));
    print(&format!("encoder         {}", config.encoder.display()));
    print(&format!("ranker          {}", config.ranker.as_ref().map_or_else(|| "shipped".to_owned(), |file| file.display().to_string())));
    print(&format!(
        "relevance       {}",
        config.relevance.as_ref().map_or_else(|| "shipped".to_owned(), |file| file.display().to_string())
    ));
    print(&format!("cached vectors  {}", config.cached_vectors));
    print(&format!("upload limit    {} bytes", config.upload_limit_bytes));
    print(&format!("secure cookies  {}", config.secure_cookies));
    print(&format!("master key      {}", if config.master_key.is_some() { "from the settings" } else { "key file in the data folder" }));
    for page in &config.framed_pages {
        let origins =
            if page.origins.is_empty() { "shown by no other site".to_owned() } else { format!("shown by {}", page.origins.join(" ")) };
        let with = [("SDK", &page.sdk_url), ("server", &page.server_url)];
        let with: String = with.iter().filter_map(|(what, url)| url.as_ref().map(|url| format!(", {what} {url}"))).collect();
        print(&format!("{:<16}{origins}{with}", page.name));
    }
    let metrics = config.metrics_listen.map_or_else(|| "off".to_owned(), |address| format!("http://{address}/metrics"));
    print(&format!("metrics         {metrics}"));
    print(&format!(
        "traces          {}",
        config
            .traces_endpoint
            .as_ref()
            .map_or_else(|| "not sent".to_owned(), |endpoint| format!("{} of requests to {endpoint}", config.traces_share))
    ));
    print(&format!("log             {} ({})", config.log_filter, if config.log_json { "json" } else { "text" }));
}

/// Writes a line to standard output; what a command is asked for, as opposed to log lines.
#[expect(clippy::print_stdout, reason = "the one place where commands print their result")]
fn print(line: &str) {
    println!("{line}");
}

/// A text without line breaks, for a table.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parses a desk name for clap.
fn desk(text: &str) -> Result<DeskId, String> {
    text.parse().map_err(|error: crate::domain::desk::InvalidDeskId| error.to_string())
}
