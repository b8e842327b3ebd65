//! What the program tells of itself: log lines, set up once and written to standard error, and metrics. Customers' words never appear in either.

pub mod metrics;
pub mod process;
pub mod trace;

use tracing_subscriber::EnvFilter;

/// Why logging can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be read.
    #[error("setting `log.filter`: {0}; write a level (info) or pairs such as info,riposte=debug")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody has set it up already.
    #[error("logging is set up already")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

/// Sets logging up for this process.
///
/// # Errors
/// When the filter can't be read.
pub fn init(filter: &str, json: bool) -> Result<(), TelemetryError> {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    // The embedded index warns at every start that a server's switches are not set; whoever wants its lines names it in the filter.
    let filter = if filter.contains("qdrant_edge") { filter.to_owned() } else { format!("{filter},qdrant_edge=error") };
    let filter = EnvFilter::try_new(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    } else {
        let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
        registry.with(tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(std::io::stderr)).try_init()?;
    }
    Ok(())
}
