//! The files of an embedded index: the lock, the note of what the index was made with, and the upkeep of the engine's folder between
//! two runs.
//!
//! ```text
//! index.lock   held (flock) while the index is open
//! index.json   schema version, encoder fingerprint, dimension, quantisation; written last, so a folder without it holds nothing of worth
//! shard/       the engine's: segments/, wal/, edge_config.json
//! ```

use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};

use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};

use crate::domain::Quantization;
use crate::index::IndexError;
use crate::index::schema::SCHEMA_VERSION;

/// What an index was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    schema_version: u32,
    model_fingerprint: String,
    dimension: usize,
    /// How the engine's segments keep vectors. Segments may be rebuilt another way, so this makes no other index.
    #[serde(default)]
    pub(super) quantization: Quantization,
}

impl Manifest {
    pub(super) fn new(dimension: usize, model_fingerprint: &str, quantization: Quantization) -> Self {
        Self { schema_version: SCHEMA_VERSION, model_fingerprint: model_fingerprint.to_owned(), dimension, quantization }
    }

    /// Components of a dense vector.
    pub(super) const fn dimension(&self) -> usize {
        self.dimension
    }

    /// Whether an index that was made with this is the one that `wanted` describes.
    pub(super) fn fits(&self, wanted: &Self) -> bool {
        self.requantized(wanted.quantization) == *wanted
    }

    /// The same with vectors kept another way.
    pub(super) fn requantized(&self, quantization: Quantization) -> Self {
        Self { quantization, ..self.clone() }
    }
}

impl std::fmt::Display for Manifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { schema_version, model_fingerprint, dimension, .. } = self;
        write!(f, "schema {schema_version}, encoder {model_fingerprint}, {dimension} dimensions")
    }
}

/// A locked folder; the lock goes with the value.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder where needed and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, IndexError> {
        fs_err::create_dir_all(path).map_err(io_error(path))?;
        let lock_path = path.join("index.lock");
        // The content is never looked at: the lock is on the open file, and the system releases it however the process ends.
        let lock = OpenOptions::new().create(true).write(true).truncate(false).open(&lock_path).map_err(io_error(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(IndexError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(IndexError::Io { path: lock_path, source }),
        }
    }

    /// Where the engine keeps its files.
    pub(super) fn shard(&self) -> PathBuf {
        self.path.join("shard")
    }

    /// Reads what the index was made with; `None` when it was never completed.
    pub(super) fn manifest(&self) -> Result<Option<Manifest>, IndexError> {
        let path = self.path.join("index.json");
        let bytes = match fs_err::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(IndexError::Io { path, source }),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| io_error(&path)(error.into()))
    }

    /// Declares the index complete.
    pub(super) fn write_manifest(&self, manifest: &Manifest) -> Result<(), IndexError> {
        let path = self.path.join("index.json");
        let draft = self.path.join("index.json.new");
        let write = || {
            let bytes = serde_json::to_vec_pretty(manifest)?;
            fs_err::write(&draft, bytes)?;
            File::open(&draft)?.sync_all()?;
            fs_err::rename(&draft, &path)
        };
        write().map_err(io_error(&path))
    }

    /// Makes an empty folder for the engine, in place of one that was never completed.
    pub(super) fn reset_shard(&self) -> Result<PathBuf, IndexError> {
        let shard = self.shard();
        remove_folder(&shard)?;
        fs_err::create_dir_all(&shard).map_err(io_error(&shard))?;
        Ok(shard)
    }

    /// Removes what an interrupted run left, and the part of the write-ahead log that nobody reads any more.
    ///
    /// Only while the engine is not running on the folder. The engine numbers its writes by their place in the log and skips writes whose
    /// number it has seen, so the newest closed file must stay: the numbering goes on from there.
    pub(super) fn tidy_shard(&self) -> Result<(), IndexError> {
        remove_folder(&self.shard().join("temp_segments"))?;
        let mut closed = self.closed_log_files()?;
        closed.pop();
        // Oldest first: a gap in the middle would make the engine refuse the log.
        for (_, path) in closed {
            fs_err::remove_file(&path).map_err(io_error(&path))?;
        }
        Ok(())
    }

    /// The closed files of the write-ahead log with the number of their first record, oldest first.
    pub(super) fn closed_log_files(&self) -> Result<Vec<(u64, PathBuf)>, IndexError> {
        let log = self.shard().join("wal");
        let entries = match fs_err::read_dir(&log) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(IndexError::Io { path: log, source }),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error(&log))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(first) = name.strip_prefix("closed-").and_then(|number| number.parse().ok()) {
                files.push((first, path));
            }
        }
        files.sort_unstable();
        Ok(files)
    }
}

fn remove_folder(path: &Path) -> Result<(), IndexError> {
    match fs_err::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(IndexError::Io { path: path.to_owned(), source }),
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> IndexError {
    let path = path.to_owned();
    move |source| IndexError::Io { path, source }
}
