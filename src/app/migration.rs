//! Moving an installation from its embedded store to the PostgreSQL database of the settings.

use anyhow::{Context as _, ensure};

use super::lock::FolderLock;
use crate::config::Config;
pub use crate::store::transfer::{Moved, Moving};

/// Moves the store; `seen` is told how far it is. The embedded database stays as it is, the files beside it are used on.
///
/// # Errors
/// When there is nothing to move or nowhere to move to, a server runs on the data folder, or the two differ in the end; the text says what
/// to do. What has arrived stays, and the next call goes on there.
pub async fn move_store(config: &Config, afresh: bool, seen: impl FnMut(Moving<'_>)) -> anyhow::Result<Moved> {
    let to = config
        .store_url
        .as_ref()
        .context("store.url names no database to move to: set it to postgres://USER:PASSWORD@HOST:5432/DATABASE (docs/operations.md)")?;
    let from = config.data_dir.join("riposte.db");
    ensure!(from.is_file(), "there is no embedded store in {}: nothing to move", config.data_dir.display());
    // A server that writes to the old store meanwhile would lose what it writes.
    let _lock = FolderLock::take(&config.data_dir)?;
    Ok(crate::store::transfer::move_to_postgres(&from, to, afresh, seen).await?)
}
