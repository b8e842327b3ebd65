//! The index of the data folder, copied to a Qdrant server point by point: nothing is embedded anew.
//!
//! What waits in the store to be written to the index waits on, and is written to the copy then.

use anyhow::{Context, ensure};

use super::indexes::{EMBEDDED, Indexes, check_folder_belongs, copy_of, installation_of, settings_of};
use crate::config::Config;
use crate::embed::ModelInfo;
use crate::index::edge::EdgeIndex;
use crate::index::server::Collections;
use crate::index::{IndexFilter, VectorIndex};
use crate::store::transfer::Moving;
use crate::store::{OutboxStore, Store};

/// Points that are read and written at a time.
const PAGE: usize = 256;

/// Copies the encoder's index from the data folder to the server of the settings, reads the copy back, compares every vector and payload, and
/// has the store feed the copy from then on. `None` where there is nothing to copy: no index in the folder, one that has missed changes, or one
/// that the store feeds on the server already. A copy that was interrupted begins again.
///
/// # Errors
/// When folder or server can't be used, or the copy differs.
pub(super) async fn copy_index(
    config: &Config,
    store: &dyn Store,
    info: &ModelInfo,
    mut seen: impl FnMut(Moving<'_>),
) -> anyhow::Result<Option<u64>> {
    let Some(server) = &config.index_server else { return Ok(None) };
    let indexes = config.data_dir.join("index");
    let folder = indexes.join(&info.fingerprint);
    let copied = copy_of(&info.fingerprint);
    // An index from before copies were remembered is the one in the folder.
    let fed = OutboxStore::meta(store, &copied).await?;
    if !folder.is_dir() || fed.is_some_and(|fed| fed != EMBEDDED) {
        return Ok(None);
    }
    let installation = installation_of(store).await?;
    check_folder_belongs(&indexes, &installation)?;
    let (dimension, fingerprint, quantization) = (info.dimension, info.fingerprint.clone(), config.index_quantization);
    let from = crate::rt::cpu(move || EdgeIndex::open(&folder, dimension, &fingerprint, quantization))
        .await?
        .context("the index in the data folder can't be opened")?;
    let collections = Collections::connect(settings_of(server, quantization), &installation).await.context(Indexes::UNUSABLE)?;
    if collections.mark(&info.fingerprint).await?.is_some() {
        // It lacks what has changed since it was left, or comes from a copy that was interrupted.
        collections.remove(&info.fingerprint).await?;
    }
    let mark = collections.create(info.dimension, &info.fingerprint).await?;
    let to = collections.open(info.dimension, &info.fingerprint).await?;
    let mut points = 0;
    for desk in store.desks().await? {
        points += copy_desk(&from, &to, &IndexFilter::desk(desk.id), &mut seen).await?;
    }
    from.close().await?;
    OutboxStore::set_meta(store, &copied, &mark).await?;
    Ok(Some(points))
}

async fn copy_desk(
    from: &dyn VectorIndex,
    to: &dyn VectorIndex,
    filter: &IndexFilter,
    seen: &mut impl FnMut(Moving<'_>),
) -> anyhow::Result<u64> {
    let (table, of) = (format!("index of {}", filter.desk), from.count(filter).await? as u64);
    let mut done = 0;
    let mut last = None;
    loop {
        seen(Moving { step: "copying", table: &table, done, of });
        let points = from.page(filter, last, PAGE).await?;
        let Some(end) = points.last() else { break };
        last = Some(end.id);
        done += points.len() as u64;
        to.upsert(points).await?;
    }
    let mut compared = 0;
    last = None;
    loop {
        seen(Moving { step: "checking", table: &table, done: compared, of });
        let (sent, arrived) = (from.page(filter, last, PAGE).await?, to.page(filter, last, PAGE).await?);
        ensure!(
            sent == arrived,
            "the copy of the index differs from the one in the data folder (desk {}); run `riposte migrate-store` again",
            filter.desk
        );
        let Some(end) = sent.last() else { break };
        last = Some(end.id);
        compared += sent.len() as u64;
    }
    Ok(done)
}
