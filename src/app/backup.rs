//! Copies of an installation: taken while it runs, checked when they are put back.
//!
//! A backup is a folder: the database in one consistent state (as a SQLite file, wherever it comes from, so that it can be put back into either
//! store), the files beside it, and `backup.json` with the SHA-256 of each. The index is
//! left out, since it can be made from the database; so is the key, unless it is asked for: a backup that holds both gives away every text
//! to whoever finds it. The folder gets its name when it is complete, so one that was interrupted is never taken for a backup.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lock::FolderLock;
use crate::config::Config;
use crate::domain::Timestamp;
use crate::store::cipher::hex;
use crate::store::sqlite::copy_database;
use crate::store::transfer::{Moving, copy_to_sqlite, move_to_postgres};

/// The list in a backup of what it holds.
const LIST: &str = "backup.json";
const DATABASE: &str = "riposte.db";
const KEY: &str = "master.key";
/// The database in the data folder while it is moved to a server.
const ARRIVING: &str = "riposte.db.arriving";
/// Files and folders of a data folder that are copied where they are there.
const BESIDE: [&str; 4] = ["riposte.toml", "ranker.json", "relevance.json", "evaluations"];
/// And those that lie in the shared folder where there is one. `uploads` holds the files of imports that go on after a restore.
const SHARED: [&str; 2] = ["adapters", "uploads"];

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Version of the program that took it.
    pub version: String,
    /// When.
    pub taken_at: Timestamp,
    /// Its files.
    pub files: Vec<BackupFile>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its path in the data folder, with `/`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl Backup {
    /// Whether the key is in it.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.files.iter().any(|file| file.path == KEY)
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// Copies the installation of these settings to the new folder `to`, whether or not servers run on it. `seen` is told how far the copy of a
/// server's database is.
///
/// # Errors
/// When there is no installation, `to` exists, or the database or a file can't be read or written.
pub async fn back_up(config: &Config, to: &Path, with_key: bool, now: Timestamp, seen: impl FnMut(Moving<'_>)) -> anyhow::Result<Backup> {
    let data = &config.data_dir;
    let database = config.store_url.as_ref();
    ensure!(database.is_some() || data.join(DATABASE).is_file(), "there is no installation in {}", data.display());
    ensure!(!to.exists(), "{} exists: name a folder that does not", to.display());
    let unfinished = with_ending(to, ".unfinished");
    if unfinished.exists() {
        // Of an earlier one that was interrupted.
        fs_err::remove_dir_all(&unfinished)?;
    }
    super::create_private_dir(&unfinished)?;
    // Uploads before the database, too: the file of an import that ends meanwhile is gone afterwards, and its job is in the copy.
    let shared = config.shared_folder.as_ref().unwrap_or(data);
    copy_all(&shared.join("uploads"), &unfinished.join("uploads"))?;
    let copy = unfinished.join(DATABASE);
    match database {
        Some(url) => copy_to_sqlite(url, &copy, seen).await.map(|_copied| ()),
        None => copy_database(&data.join(DATABASE), &copy).await,
    }
    .context("the database can't be copied")?;
    for name in BESIDE {
        copy_all(&data.join(name), &unfinished.join(name))?;
    }
    for name in SHARED {
        copy_all(&shared.join(name), &unfinished.join(name))?;
    }
    if with_key {
        let key = data.join(KEY);
        ensure!(key.is_file(), "the key is not in {}: it comes from the settings, keep it with these", data.display());
        copy_all(&key, &unfinished.join(KEY))?;
    }
    let mut files = Vec::new();
    list(&unfinished, "", &mut files)?;
    let backup = Backup { version: env!("CARGO_PKG_VERSION").to_owned(), taken_at: now, files };
    let mut written = fs_err::File::create(unfinished.join(LIST))?;
    written.write_all(&serde_json::to_vec_pretty(&backup)?)?;
    written.sync_all()?;
    fs_err::rename(&unfinished, to)?;
    Ok(backup)
}

/// Puts a backup into the data folder and, where the settings name one, the server's database, which hold no installation yet; `seen` is told
/// how far the database is. What was interrupted goes on when it is called again.
///
/// # Errors
/// When `from` is no backup or not as it was taken (nothing is written then), or the data folder or the database is in use.
pub async fn restore(from: &Path, config: &Config, seen: impl FnMut(Moving<'_>)) -> anyhow::Result<Backup> {
    let (from, data, shared) = (from.to_owned(), config.data_dir.clone(), config.shared_folder.clone());
    let to_server = config.store_url.is_some();
    let backup = crate::rt::cpu(move || put_back(&from, &data, shared.as_deref(), to_server)).await??;
    if let Some(url) = &config.store_url {
        let arriving = config.data_dir.join(ARRIVING);
        let moved = move_to_postgres(&arriving, url, false, seen).await?;
        remove_database(&arriving)?;
        ensure!(moved.is_some(), "the database in store.url holds this installation already: name an empty one (createdb NAME)");
    }
    Ok(backup)
}

/// Deletes a SQLite file and what belongs to it.
fn remove_database(path: &Path) -> std::io::Result<()> {
    for ending in ["", "-wal", "-shm"] {
        match fs_err::remove_file(with_ending(path, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn put_back(from: &Path, data: &Path, shared: Option<&Path>, to_server: bool) -> anyhow::Result<Backup> {
    let text = fs_err::read_to_string(from.join(LIST)).with_context(|| format!("{} is no backup", from.display()))?;
    let backup: Backup = serde_json::from_str(&text).with_context(|| format!("{LIST} can't be read"))?;
    for file in &backup.files {
        // The list may have come from anywhere.
        ensure!(
            Path::new(&file.path).components().all(|part| matches!(part, std::path::Component::Normal(_))),
            "{LIST} names `{}`, which is no file of a backup",
            file.path
        );
        let (bytes, sha256) = digest(&from.join(&file.path))?;
        if (bytes, &sha256) != (file.bytes, &file.sha256) {
            bail!("`{}` is not as it was when the backup was taken: it is damaged or was changed; use another backup", file.path);
        }
    }
    ensure!(backup.files.iter().any(|file| file.path == DATABASE), "{} holds no database", from.display());
    let _lock = FolderLock::take(data)?;
    for name in [DATABASE, "index"] {
        ensure!(!data.join(name).exists(), "{} holds an installation already: name an empty folder", data.display());
    }
    // Of an index on a server only the settings know, and there it may be fuller than the copy.
    fs_err::write(data.join(super::indexes::RESTORED), "")?;
    // Of a move to a server that was interrupted.
    remove_database(&data.join(ARRIVING))?;
    let (database, others): (Vec<_>, Vec<_>) = backup.files.iter().partition(|file| file.path == DATABASE);
    // The database last: a folder without one is empty, however far an interrupted restore came.
    for file in others.into_iter().chain(database) {
        let in_shared = SHARED.iter().any(|name| file.path.starts_with(&format!("{name}/")));
        let name = if to_server && file.path == DATABASE { ARRIVING } else { &file.path };
        let to = shared.filter(|_shared| in_shared).unwrap_or(data).join(name);
        if let Some(folder) = to.parent() {
            super::create_private_dir(folder)?;
        }
        let unfinished = with_ending(&to, ".unfinished");
        fs_err::copy(from.join(&file.path), &unfinished)?;
        fs_err::File::open(&unfinished)?.sync_all()?;
        fs_err::rename(unfinished, to)?;
    }
    Ok(backup)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Copies a file or a folder with all in it; what is not there (any more) is passed over.
fn copy_all(from: &Path, to: &Path) -> std::io::Result<()> {
    let passed = |error: std::io::Error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    if !from.is_dir() {
        return match fs_err::copy(from, to) {
            Ok(_) => fs_err::File::open(to)?.sync_all(),
            Err(error) => {
                let _ = fs_err::remove_file(to);
                passed(error)
            }
        };
    }
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let name = entry?.file_name();
        copy_all(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn list(folder: &Path, inside: &str, files: &mut Vec<BackupFile>) -> anyhow::Result<()> {
    let mut names: Vec<_> = fs_err::read_dir(folder)?.map(|entry| entry.map(|entry| entry.file_name())).collect::<Result<_, _>>()?;
    names.sort();
    for name in names {
        let (path, name) = (folder.join(&name), name.to_string_lossy().into_owned());
        if path.is_dir() {
            list(&path, &format!("{inside}{name}/"), files)?;
        } else {
            let (bytes, sha256) = digest(&path)?;
            files.push(BackupFile { path: format!("{inside}{name}"), bytes, sha256 });
        }
    }
    Ok(())
}

fn digest(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = fs_err::File::open(path)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 20]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok((bytes, hex(&hash.finalize())))
}
