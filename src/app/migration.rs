//! Moving an installation from its data folder to the PostgreSQL database and the Qdrant server of the settings.

use anyhow::ensure;

use super::App;
use super::index_copy::copy_index;
use super::lock::FolderLock;
use crate::config::Config;
use crate::domain::SystemClock;
use crate::embed::Embedder as _;
use crate::store::Sharing;
pub use crate::store::transfer::{Moved, Moving};

/// What arrived.
#[derive(Debug)]
pub struct Migrated {
    /// The store's tables; `None` where the settings name no database, or one that holds this store already.
    pub store: Option<Moved>,
    /// Points of the index; `None` where the settings name no server for it, or the folder holds none worth copying: it is filled at the start
    /// then.
    pub points: Option<u64>,
}

/// Moves the store and the index; `seen` is told how far it is. What lies in the data folder stays as it is, the files beside it are used on.
///
/// # Errors
/// When there is nothing to move or nowhere to move to, a server runs on the data folder, or the two differ in the end; the text says what
/// to do. What has arrived stays, and the next call goes on there.
pub async fn migrate(config: &Config, afresh: bool, mut seen: impl FnMut(Moving<'_>)) -> anyhow::Result<Migrated> {
    ensure!(
        config.store_url.is_some() || config.index_server.is_some(),
        "nowhere to move to: set store.url to postgres://USER:PASSWORD@HOST:5432/DATABASE, or index.url to the address of a Qdrant server, \
         or both (docs/operations.md)"
    );
    let from = config.data_dir.join("riposte.db");
    ensure!(from.is_file(), "there is no embedded store in {}: nothing to move", config.data_dir.display());
    // A server that writes to the old store meanwhile would lose what it writes.
    let _lock = FolderLock::take(&config.data_dir)?;
    let store = match &config.store_url {
        Some(to) => crate::store::transfer::move_to_postgres(&from, to, afresh, &mut seen).await?,
        None => None,
    };
    ensure!(
        store.is_some() || config.index_server.is_some(),
        "the database in store.url holds this installation already: start the server, or name an empty database (createdb NAME)"
    );
    if config.index_server.is_none() {
        return Ok(Migrated { store, points: None });
    }
    let encoder = App::load_encoder(config).await?;
    let opened = App::open_store(config, Sharing::Alone, &SystemClock).await?;
    let points = copy_index(config, opened.as_ref(), encoder.info(), seen).await;
    opened.close().await;
    Ok(Migrated { store, points: points? })
}
