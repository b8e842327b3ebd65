//! Which index an installation searches: the one in its data folder, or one on a Qdrant server, and for which encoder.
//!
//! There is one index for each encoder, beside each other (a folder, or a collection, named after the fingerprint); the store says which
//! encoder's is in force, so that a new one is adopted at once. An index that lacks changes must never be searched. So the store also
//! remembers, for each encoder, which copy it has been feeding, and any other copy that turns up (an index from before the settings were changed,
//! or one that is newer than a restored database) is removed and filled anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::create_private_dir;
use crate::config::{Config, QdrantServer};
use crate::domain::Quantization;
use crate::embed::{Embedder, ModelInfo};
use crate::index::edge::EdgeIndex;
use crate::index::server::{Collections, ServerSettings};
use crate::index::{IndexError, VectorIndex};
use crate::store::{OutboxStore, Store};

/// Setting of the store that names the encoder the live index was made with.
const INDEX_MODEL: &str = "index_model";

/// Setting of the store, and file in the folder `index`, that say which store the index was made from.
const INSTALLATION: &str = "installation";

/// Beginning of the settings of the store that say which copy of an encoder's index has been fed.
pub(super) const INDEX_COPY: &str = "index_copy";

/// The copy in the data folder; copies on a server have marks of their own.
pub(super) const EMBEDDED: &str = "embedded";

/// File in a data folder that was restored: whatever index there is belongs to another state of the database.
pub(super) const RESTORED: &str = "index-restored";

/// How much of a mismatch between index and encoder is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNewEncoder {
    /// Refuse, and say how to re-index.
    Refuse,
    /// Make a new index beside the old one and fill it.
    Reindex,
}

/// Where the indexes of an installation are.
pub(super) enum Indexes {
    /// Folders in this one.
    Folder(PathBuf),
    /// Collections on a server.
    Server(Collections),
}

impl Indexes {
    /// What is wrong where a server can't be reached or used.
    pub(super) const UNUSABLE: &str =
        "the index server can't be used (index.url must name the address and port of its gRPC interface, and it must be running)";

    /// Finds where indexes are, and sees that they belong to this store.
    ///
    /// # Errors
    /// When they don't, or the server can't be reached or used; the text says what to do.
    pub(super) async fn find(config: &Config, store: &dyn Store) -> anyhow::Result<Self> {
        let installation = installation_of(store).await?;
        let Some(server) = &config.index_server else {
            let folder = config.data_dir.join("index");
            create_private_dir(&folder)?;
            check_folder_belongs(&folder, &installation)?;
            return Ok(Self::Folder(folder));
        };
        let collections =
            Collections::connect(settings_of(server, config.index_quantization), &installation).await.context(Self::UNUSABLE)?;
        Ok(Self::Server(collections))
    }

    /// Opens the index for the encoder, making and filling it where there is none that is up to date.
    ///
    /// # Errors
    /// When the index in force is another encoder's, can't be opened, or the store refuses.
    pub(super) async fn open(
        &self,
        config: &Config,
        store: &dyn Store,
        embedder: &dyn Embedder,
        on_new_encoder: OnNewEncoder,
    ) -> anyhow::Result<Arc<dyn VectorIndex>> {
        let info = embedder.info();
        let live = OutboxStore::meta(store, INDEX_MODEL).await?;
        if let Some(live) = live.as_deref().filter(|live| *live != info.fingerprint)
            && on_new_encoder == OnNewEncoder::Refuse
        {
            bail!(
                "the index was made with encoder {live}, this encoder ({}) has fingerprint {}: run `riposte reindex` to make an index for it beside the old one, or name \
                 the old encoder's folder with --set encoder.folder=DIR",
                info.name,
                info.fingerprint
            );
        }
        let restored = config.data_dir.join(RESTORED);
        let copy = format!("{INDEX_COPY}.{}", info.fingerprint);
        let fed = if restored.exists() { Some(String::new()) } else { OutboxStore::meta(store, &copy).await? };
        let (index, mark) = match self {
            Self::Folder(folder) => {
                let folder = folder.join(&info.fingerprint);
                (open_folder(&folder, store, info, fed.as_deref(), config.index_quantization).await?, EMBEDDED.to_owned())
            }
            Self::Server(collections) => open_collection(collections, store, info, fed.as_deref()).await?,
        };
        // After everything has been queued: where that was interrupted, the next start begins again.
        if fed.as_deref() != Some(mark.as_str()) {
            OutboxStore::set_meta(store, &copy, &mark).await?;
        }
        if restored.exists() {
            fs_err::remove_file(restored)?;
        }
        if live.is_none() {
            OutboxStore::set_meta(store, INDEX_MODEL, &info.fingerprint).await?;
        }
        Ok(index)
    }

    /// Whether indexes can be reached; the data folder always can.
    ///
    /// # Errors
    /// When the server does not answer, or can't be used any more.
    pub(super) async fn check(&self) -> Result<(), IndexError> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Server(collections) => collections.check().await,
        }
    }

    /// Puts the encoder's index in force and removes those of others.
    ///
    /// # Errors
    /// When the store, the disk or the server refuses.
    pub(super) async fn adopt(&self, store: &dyn Store, fingerprint: &str) -> anyhow::Result<()> {
        OutboxStore::set_meta(store, INDEX_MODEL, fingerprint).await?;
        match self {
            Self::Folder(indexes) => {
                for folder in fs_err::read_dir(indexes)? {
                    let folder = folder?;
                    if folder.file_name().to_str() != Some(fingerprint) && folder.path().is_dir() {
                        fs_err::remove_dir_all(folder.path())?;
                    }
                }
            }
            Self::Server(collections) => collections.remove_others(fingerprint).await?,
        }
        Ok(())
    }
}

async fn open_folder(
    folder: &Path,
    store: &dyn Store,
    info: &ModelInfo,
    fed: Option<&str>,
    quantization: Quantization,
) -> anyhow::Result<Arc<dyn VectorIndex>> {
    // An index from before copies were remembered is the one in the folder.
    if folder.exists() && fed.is_some_and(|fed| fed != EMBEDDED) {
        tracing::info!("the index in the data folder has missed changes and is made anew");
        fs_err::remove_dir_all(folder)?;
    }
    let fresh = !folder.exists();
    create_private_dir(folder)?;
    let (dimension, fingerprint, at) = (info.dimension, info.fingerprint.clone(), folder.to_path_buf());
    let index = crate::rt::cpu(move || EdgeIndex::open(&at, dimension, &fingerprint, quantization))
        .await?
        .with_context(|| format!("the index {}", folder.display()))?;
    if fresh {
        fill(store).await?;
    }
    Ok(Arc::new(index))
}

async fn open_collection(
    collections: &Collections,
    store: &dyn Store,
    info: &ModelInfo,
    fed: Option<&str>,
) -> anyhow::Result<(Arc<dyn VectorIndex>, String)> {
    let mut mark = collections.mark(&info.fingerprint).await?;
    if mark.is_some() && mark.as_deref() != fed {
        tracing::info!("the index on the server has missed changes and is made anew");
        collections.remove(&info.fingerprint).await?;
        mark = None;
    }
    let (mark, fresh) = match mark {
        Some(mark) => (mark, false),
        None => (collections.create(info.dimension, &info.fingerprint).await?, true),
    };
    let index = collections.open(info.dimension, &info.fingerprint).await.context("the index on the server")?;
    if fresh {
        fill(store).await?;
    }
    Ok((Arc::new(index), mark))
}

/// An index can always be made again from the store: after a restore without it, for a new encoder, in another place.
async fn fill(store: &dyn Store) -> anyhow::Result<()> {
    let queued = store.queue_everything().await?;
    if queued > 0 {
        tracing::info!(points = queued, "the index is being filled from the store");
    }
    Ok(())
}

pub(super) fn settings_of(server: &QdrantServer, quantization: Quantization) -> ServerSettings {
    let QdrantServer { addresses, api_key, collection_prefix, timeout, shard_number, replication_factor, write_consistency_factor } =
        server.clone();
    ServerSettings {
        addresses,
        api_key,
        collection_prefix,
        timeout,
        shard_number,
        replication_factor,
        write_consistency_factor,
        quantization,
    }
}

/// The id of a store, made when it is first asked for.
pub(super) async fn installation_of(store: &dyn Store) -> anyhow::Result<String> {
    if let Some(known) = OutboxStore::meta(store, INSTALLATION).await? {
        return Ok(known);
    }
    let made = uuid::Uuid::new_v4().to_string();
    OutboxStore::set_meta(store, INSTALLATION, &made).await?;
    Ok(made)
}

/// Refuses an index that was made from another store: its points would name rows that are not there.
pub(super) fn check_folder_belongs(indexes: &Path, installation: &str) -> anyhow::Result<()> {
    let mark = indexes.join(INSTALLATION);
    match fs_err::read_to_string(&mark) {
        Ok(found) if found.trim() == installation => Ok(()),
        Ok(_another) => bail!(
            "the index in this data folder was made from another database: name that one in store.url, use another data folder, or delete {} \
             (it is filled anew from the present database)",
            indexes.display()
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(fs_err::write(&mark, installation)?),
        Err(error) => Err(error.into()),
    }
}
