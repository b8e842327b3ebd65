//! Which collection is whose: names, the note on each, making, checking and removing them.
//!
//! A collection is named `PREFIX-FINGERPRINT`: one for each encoder, so that a new index is made beside the old one, as in the data folder.
//! The note (Qdrant's collection metadata) is written with the collection and says what it was made with, from which store, and a
//! mark that the store remembers, by which a collection that missed changes is told from the one that was fed. A collection without our
//! note, or of another store, is never written to and never removed.

use std::sync::Arc;

use qdrant_client::qdrant::{CollectionConfig, CollectionInfo, CollectionParams, CreateCollection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::connect::{Cluster, LONG};
use super::{ServerIndex, ServerSettings, convert};
use crate::index::IndexError;
use crate::index::schema::{FIELDS, SCHEMA_VERSION};

/// Key of the note in a collection's metadata.
const NOTE: &str = "riposte";

/// What a collection was made with, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    schema_version: u32,
    model_fingerprint: String,
    dimension: usize,
    /// Id of the store whose points it holds.
    store: String,
    /// Told to the store when everything had been queued for the collection.
    mark: String,
}

/// The collections of one store on one server or cluster.
pub struct Collections {
    cluster: Arc<Cluster>,
    settings: ServerSettings,
    store: String,
}

impl Collections {
    /// Reaches the server and looks whether it can be used. `store` is the id of the store whose index is kept there.
    ///
    /// # Errors
    /// [`IndexError::Unreachable`] when no address answers; [`IndexError::Server`] for a server that is too old or refuses the key, with what
    /// to do.
    pub async fn connect(settings: ServerSettings, store: &str) -> Result<Self, IndexError> {
        let cluster = Arc::new(Cluster::new(&settings)?);
        cluster.check().await?;
        Ok(Self { cluster, settings, store: store.to_owned() })
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub async fn check(&self) -> Result<(), IndexError> {
        self.cluster.check().await
    }

    /// The mark of the collection for an encoder; `None` where there is no collection.
    ///
    /// # Errors
    /// [`IndexError::Server`] when there is one that is not ours.
    pub async fn mark(&self, fingerprint: &str) -> Result<Option<String>, IndexError> {
        let name = self.name(fingerprint);
        if !self.exists(&name).await? {
            return Ok(None);
        }
        let info = self.info(&name).await?;
        let Some(note) = note_on(&info) else {
            return Err(IndexError::Server(format!(
                "collection {name} on {} was not made by riposte: name another prefix in index.collection_prefix",
                self.cluster
            )));
        };
        if note.store != self.store {
            return Err(IndexError::Server(format!(
                "collection {name} on {} was made from another database: name that one in store.url, or another prefix in \
                 index.collection_prefix, or delete the collection (it is filled anew from the present database)",
                self.cluster
            )));
        }
        Ok(Some(note.mark))
    }

    /// Makes the collection for an encoder, empty, and gives its mark.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub async fn create(&self, dimension: usize, fingerprint: &str) -> Result<String, IndexError> {
        let name = self.name(fingerprint);
        let mark = Uuid::new_v4().simple().to_string();
        let note = Note { mark: mark.clone(), ..self.note(dimension, fingerprint) };
        let json = serde_json::to_value(&note).map_err(|error| IndexError::Engine(error.to_string()))?;
        let request = CreateCollection {
            collection_name: name.clone(),
            vectors_config: Some(convert::dense_vectors(dimension, self.settings.quantization)),
            sparse_vectors_config: Some(convert::sparse_vectors()),
            hnsw_config: Some(convert::graphs()),
            optimizers_config: Some(convert::optimizers()),
            quantization_config: convert::codes(self.settings.quantization),
            shard_number: Some(self.settings.shard_number),
            replication_factor: Some(self.settings.replication_factor),
            write_consistency_factor: Some(self.settings.write_consistency_factor),
            timeout: Some(LONG.as_secs()),
            metadata: [(NOTE.to_owned(), convert::value_to_server(json))].into(),
            ..CreateCollection::default()
        };
        let made = self
            .cluster
            .write(|client| {
                let request = request.clone();
                async move { client.create_collection(request).await }
            })
            .await;
        if let Err(error) = made {
            // A second try after an answer that got lost meets the collection of the first.
            let there = matches!(error, IndexError::Engine(_)) && self.mark(fingerprint).await?.as_deref() == Some(&mark);
            if !there {
                return Err(error);
            }
        }
        tracing::info!(collection = name, "the index is kept on the server");
        Ok(mark)
    }

    /// Opens the collection for an encoder, which must be there. Where it keeps vectors otherwise than the settings say, the server is told to
    /// rebuild it.
    ///
    /// # Errors
    /// [`IndexError::Mismatch`] when it was made with another schema, encoder or dimension; [`IndexError::Server`] when its vectors are not those
    /// of an index. Nothing is changed then.
    pub async fn open(&self, dimension: usize, fingerprint: &str) -> Result<ServerIndex, IndexError> {
        let name = self.name(fingerprint);
        let info = self.info(&name).await?;
        let expected = self.note(dimension, fingerprint);
        match note_on(&info) {
            Some(found) if found.describe() == expected.describe() => {}
            found => {
                let found = found.map_or_else(|| "nothing that is known".to_owned(), |found| found.describe());
                return Err(IndexError::Mismatch { found, expected: expected.describe() });
            }
        }
        let params = params_of(&info);
        let found = params.and_then(|params| convert::dimension_of(params.vectors_config.as_ref(), params.sparse_vectors_config.as_ref()));
        if found != Some(dimension) {
            return Err(IndexError::Server(format!(
                "collection {name} on {} has other vectors than an index of {dimension} dimensions: it was changed by something else; delete it (it is \
                 filled anew from the database), or name another prefix in index.collection_prefix",
                self.cluster
            )));
        }
        if let Some(params) = params {
            self.compare_layout(&name, params);
        }
        self.requantize(&name, &info).await?;
        for (field, kind) in FIELDS {
            if !info.payload_schema.contains_key(field) {
                let request = convert::field_index(&name, field, kind);
                self.cluster
                    .write(|client| {
                        let request = request.clone();
                        async move { client.create_field_index(request).await }
                    })
                    .await?;
            }
        }
        Ok(ServerIndex::new(Arc::clone(&self.cluster), name, dimension))
    }

    /// Removes the collection for an encoder, which [`Self::mark`] has found to be ours.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub async fn remove(&self, fingerprint: &str) -> Result<(), IndexError> {
        self.delete(&self.name(fingerprint)).await
    }

    /// Removes this store's collections for other encoders.
    ///
    /// # Errors
    /// When the server does not answer or refuses.
    pub async fn remove_others(&self, fingerprint: &str) -> Result<(), IndexError> {
        let kept = self.name(fingerprint);
        let beginning = self.name("");
        let listed = self.cluster.read(LONG, |client| async move { client.list_collections().await }).await?;
        for other in listed.collections.into_iter().map(|collection| collection.name) {
            if other != kept
                && other.starts_with(&beginning)
                && note_on(&self.info(&other).await?).is_some_and(|note| note.store == self.store)
            {
                self.delete(&other).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), IndexError> {
        self.cluster
            .write(|client| {
                let name = name.to_owned();
                async move { client.delete_collection(name).await }
            })
            .await?;
        tracing::info!(collection = name, "collection removed");
        Ok(())
    }

    async fn exists(&self, name: &str) -> Result<bool, IndexError> {
        self.cluster
            .read(LONG, |client| {
                let name = name.to_owned();
                async move { client.collection_exists(name).await }
            })
            .await
    }

    async fn info(&self, name: &str) -> Result<CollectionInfo, IndexError> {
        let answer = self
            .cluster
            .read(LONG, |client| {
                let name = name.to_owned();
                async move { client.collection_info(name).await }
            })
            .await?;
        answer.result.ok_or_else(|| IndexError::Engine(format!("the server says nothing about collection {name}")))
    }

    fn name(&self, fingerprint: &str) -> String {
        format!("{}-{fingerprint}", self.settings.collection_prefix)
    }

    fn note(&self, dimension: usize, fingerprint: &str) -> Note {
        Note {
            schema_version: SCHEMA_VERSION,
            model_fingerprint: fingerprint.to_owned(),
            dimension,
            store: self.store.clone(),
            mark: String::new(),
        }
    }

    /// Has the server keep vectors as the settings say; it rebuilds segments in the background and searches the old ones meanwhile.
    async fn requantize(&self, name: &str, info: &CollectionInfo) -> Result<(), IndexError> {
        let wanted = self.settings.quantization;
        let Some(config) = info.config.as_ref() else { return Ok(()) };
        let vectors = config.params.as_ref().and_then(|params| params.vectors_config.as_ref());
        if convert::quantization_of(vectors, config.quantization_config.as_ref()) == Some(wanted) {
            return Ok(());
        }
        tracing::info!(
            collection = name,
            wanted = wanted.as_str(),
            "the collection keeps vectors otherwise than index.quantization says; the server rebuilds it, searches go on"
        );
        let request = convert::requantized(name, wanted);
        self.cluster
            .write(|client| {
                let request = request.clone();
                async move { client.update_collection(request).await }
            })
            .await?;
        Ok(())
    }

    /// What is laid down when a collection is made can't be changed by settings afterwards.
    fn compare_layout(&self, name: &str, params: &CollectionParams) {
        let wanted = &self.settings;
        let pairs = [
            ("shard_number", wanted.shard_number, Some(params.shard_number)),
            ("replication_factor", wanted.replication_factor, params.replication_factor),
            ("write_consistency_factor", wanted.write_consistency_factor, params.write_consistency_factor),
        ];
        for (key, wanted, found) in pairs {
            if found.is_some_and(|found| found != wanted) {
                tracing::warn!(
                    collection = name,
                    wanted,
                    found,
                    "the collection has another {key} than the settings, which count when one is made: change it in Qdrant, or delete the \
                     collection and start again"
                );
            }
        }
    }
}

impl Note {
    fn describe(&self) -> String {
        let Self { schema_version, model_fingerprint, dimension, .. } = self;
        format!("schema {schema_version}, encoder {model_fingerprint}, {dimension} dimensions")
    }
}

fn note_on(info: &CollectionInfo) -> Option<Note> {
    let CollectionConfig { metadata, .. } = info.config.as_ref()?;
    serde_json::from_value(convert::value_from_server(metadata.get(NOTE)?.clone())).ok()
}

fn params_of(info: &CollectionInfo) -> Option<&CollectionParams> {
    info.config.as_ref()?.params.as_ref()
}
