//! Log lines: set up once, written to standard error. Customers' words never appear in them.

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
    let filter = EnvFilter::try_new(filter)?;
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).try_init()?;
    } else {
        registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).try_init()?;
    }
    Ok(())
}
