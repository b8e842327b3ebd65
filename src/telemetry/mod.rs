//! What the program tells of itself: log lines, set up once and written to standard error, metrics, and traces. Customers' words never appear in
//! any of them.

pub mod export;
pub mod metrics;
pub mod process;
pub mod trace;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use export::{TraceExport, Traces};

/// Why logging can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be read.
    #[error("setting `log.filter`: {0}; write a level (info) or pairs such as info,riposte=debug")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody has set it up already.
    #[error("logging is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// Traces can't be exported.
    #[error("setting `traces.endpoint`: {0}")]
    Traces(String),
}

/// Sets logging up for this process, and the export of traces where it is wanted; what comes back keeps that going. Needs a runtime then.
///
/// # Errors
/// When the filter or the collector's address can't be read.
pub fn init(filter: &str, json: bool, traces: Option<&TraceExport>) -> Result<Option<Traces>, TelemetryError> {
    // The embedded index warns at every start that a server's switches are not set; whoever wants its lines names it in the filter.
    let filter = if filter.contains("qdrant_edge") { filter.to_owned() } else { format!("{filter},qdrant_edge=error") };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if json { lines.json().boxed() } else { lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).boxed() };
    let traces = traces.map(Traces::start).transpose()?;
    tracing_subscriber::registry()
        .with(lines.with_filter(EnvFilter::try_new(filter)?))
        .with(traces.as_ref().map(Traces::layer))
        .try_init()?;
    Ok(traces)
}
