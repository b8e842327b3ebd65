//! One process per data folder, and how the command line finds the one that runs.
//!
//! The lock is an advisory lock on `riposte.lock`, released by the system when the process ends, however it ends. A server also leaves its
//! address (`server.json`) and a token for the command line of the same user (`local.token`, mode 0600) in the folder while it runs.

use std::fs::TryLockError;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Why the folder can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data folder {0} is in use by another riposte process")]
    InUse(PathBuf),
    /// A file can't be written.
    #[error("the data folder {folder} can't be used")]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
}

/// Proof that this process alone uses a data folder.
#[derive(Debug)]
pub struct FolderLock {
    _file: std::fs::File,
}

impl FolderLock {
    /// Takes the folder, creating it (for this user only) if need be.
    ///
    /// # Errors
    /// [`LockError::InUse`] when another process has it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io { folder: folder.to_path_buf(), source };
        let fresh = !folder.exists();
        fs_err::create_dir_all(folder).map_err(io)?;
        #[cfg(unix)]
        if fresh {
            use std::os::unix::fs::PermissionsExt;
            fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(io)?;
        }
        let file = std::fs::File::create(folder.join("riposte.lock")).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse(folder.to_path_buf())),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }
}

/// Where a running server can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Address {
    url: String,
}

/// A server's traces in the data folder; removed when it ends.
#[derive(Debug)]
pub(super) struct Presence {
    address: PathBuf,
    token: PathBuf,
}

impl Presence {
    pub(super) fn announce(folder: &Path, address: SocketAddr, token: &str) -> Result<Self, LockError> {
        let io = |source| LockError::Io { folder: folder.to_path_buf(), source };
        let presence = Self { address: folder.join("server.json"), token: folder.join("local.token") };
        // A server on all addresses is reached over the loopback one.
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let url = format!("http://{host}:{}", address.port());
        write_private(&presence.token, token).map_err(io)?;
        let json = serde_json::to_string(&Address { url }).map_err(|error| io(error.into()))?;
        write_private(&presence.address, &json).map_err(io)?;
        Ok(presence)
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        for file in [&self.address, &self.token] {
            if let Err(error) = fs_err::remove_file(file) {
                tracing::debug!(error = &error as &dyn std::error::Error, "a trace of the server stays; the next start replaces it");
            }
        }
    }
}

/// Base address and token of the server that runs on a folder, if its traces are there.
#[must_use]
pub fn running_server(folder: &Path) -> Option<(String, String)> {
    let address: Address = serde_json::from_str(&fs_err::read_to_string(folder.join("server.json")).ok()?).ok()?;
    let token = fs_err::read_to_string(folder.join("local.token")).ok()?;
    Some((address.url, token.trim().to_owned()))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    // Removed first: the mode below counts only for a file that is made here.
    let _ = fs_err::remove_file(path);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = FolderLock::take(dir.path()).unwrap();
        assert!(matches!(FolderLock::take(dir.path()), Err(LockError::InUse(_))));
        drop(first);
        assert!(FolderLock::take(dir.path()).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn the_token_is_private_and_goes_with_the_server() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let presence = Presence::announce(dir.path(), "0.0.0.0:81".parse().unwrap(), "secret").unwrap();
        let mode = fs_err::metadata(dir.path().join("local.token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(running_server(dir.path()), Some(("http://127.0.0.1:81".to_owned(), "secret".to_owned())));
        drop(presence);
        assert_eq!(running_server(dir.path()), None);
    }
}
