//! One file from a hub: where it lies and what it must hash to, then its bytes, then the comparison.
//!
//! Bytes go to `FILE.part`, from where an interrupted transfer goes on; the file's own name appears when it is whole and right.

use std::fmt::Write as _;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG, LOCATION, RANGE};
use ureq::http::{HeaderMap, StatusCode, Uri};

use super::{HubError, KnownModel, PulledFile, by_hand};
use crate::embed::manifest::sha256_of_file;

/// Told the file, its bytes so far, and how many it has where that is known.
pub type Watch<'a> = &'a mut dyn FnMut(&str, u64, Option<u64>);

/// Redirections followed before the hub says what the file is.
const REDIRECTIONS: usize = 5;

/// Bytes read at a time.
const BLOCK: usize = 1 << 18;

/// What the hub says of files it keeps beside the repository (LFS), the large ones.
const LINKED_HASH: &str = "x-linked-etag";
const LINKED_SIZE: &str = "x-linked-size";

/// The state of the repository that the file is from.
const COMMIT: &str = "x-repo-commit";

/// Files of one encoder, from one hub, to one folder.
pub(super) struct Transfer<'a> {
    pub(super) agent: &'a ureq::Agent,
    pub(super) endpoint: &'a str,
    pub(super) model: &'a KnownModel,
    pub(super) folder: &'a Path,
}

/// What the hub says of a file.
struct Description {
    hash: Hash,
    bytes: Option<u64>,
    commit: Option<String>,
}

/// What a file must hash to.
enum Hash {
    /// SHA-256 of the content.
    Sha256(String),
    /// SHA-1 of git's blob.
    GitBlob(String),
}

impl Hash {
    /// Reads an ETag: hubs name a file's hash there, file servers anything.
    fn of_etag(value: &str) -> Option<Self> {
        let digits = value.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        match digits.len() {
            64 => Some(Self::Sha256(digits)),
            40 => Some(Self::GitBlob(digits)),
            _ => None,
        }
    }

    fn expected(&self) -> &str {
        match self {
            Self::Sha256(digits) | Self::GitBlob(digits) => digits,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Sha256(_) => "SHA-256 of the hub",
            Self::GitBlob(_) => "git hash of the hub",
        }
    }

    fn of_file(&self, path: &Path) -> std::io::Result<String> {
        match self {
            Self::Sha256(_) => sha256_of_file(path),
            Self::GitBlob(_) => git_blob_of_file(path),
        }
    }
}

/// The hash under which git keeps a file.
fn git_blob_of_file(path: &Path) -> std::io::Result<String> {
    let mut file = fs_err::File::open(path)?;
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", file.metadata()?.len()));
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hash.update(&block[..read]),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    }))
}

impl Transfer<'_> {
    /// Fetches `file` of `revision`, unless it lies there already. Returns what was done, and the commit that the hub says it is from.
    pub(super) fn fetch(&self, file: &str, revision: &str, watch: Watch<'_>) -> Result<(PulledFile, Option<String>), HubError> {
        let url = format!("{}/{}/resolve/{revision}/{file}", self.endpoint, self.model.repository);
        let Description { hash, bytes, commit } = self.describe(&url)?;
        let (place, part) = (self.folder.join(file), self.folder.join(format!("{file}.part")));
        let disk = |path: &Path| {
            let path = path.to_owned();
            move |source| HubError::Disk { path, source }
        };
        let verified = hash.name().to_owned();
        if place.is_file() && hash.of_file(&place).map_err(disk(&place))? == hash.expected() {
            let bytes = fs_err::metadata(&place).map_err(disk(&place))?.len();
            return Ok((PulledFile { name: file.to_owned(), bytes, fetched: 0, verified }, commit));
        }
        let fetched = self.fetch_part(file, &url, &part, bytes, watch)?;
        let found = hash.of_file(&part).map_err(disk(&part))?;
        if found != hash.expected() {
            fs_err::remove_file(&part).map_err(disk(&part))?;
            return Err(HubError::WrongHash { file: file.to_owned(), expected: hash.expected().to_owned(), found });
        }
        let bytes = fs_err::metadata(&part).map_err(disk(&part))?.len();
        fs_err::rename(&part, &place).map_err(disk(&place))?;
        Ok((PulledFile { name: file.to_owned(), bytes, fetched, verified }, commit))
    }

    /// Asks the hub what the file is. A large file is a redirection to wherever it is kept, whose headers say what it is; other
    /// redirections are followed.
    fn describe(&self, url: &str) -> Result<Description, HubError> {
        let mut at = url.to_owned();
        // Named at the repository's own address, perhaps not where that sends us.
        let mut commit = None;
        for _ in 0..REDIRECTIONS {
            let request = self.agent.head(&at).config().max_redirects(0).build();
            let answer = request.call().map_err(|error| self.unreachable(error))?;
            let (status, headers) = (answer.status(), answer.headers());
            let header = |name: &str| text(headers, name);
            let named = header(COMMIT).filter(|commit| commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
            commit = commit.or(named.map(str::to_owned));
            if status.is_redirection() && header(LINKED_HASH).is_none() {
                let to = header(LOCATION.as_str()).and_then(|location| resolved(&at, location));
                at = to.ok_or_else(|| HubError::Refused { url: at.clone(), status: status.as_u16() })?;
                continue;
            }
            if !(status.is_success() || status.is_redirection()) {
                return Err(HubError::Refused { url: at, status: status.as_u16() });
            }
            let etag = header(LINKED_HASH).or_else(|| header(ETAG.as_str()));
            let hash = etag.and_then(Hash::of_etag).ok_or_else(|| HubError::NoHash { url: at.clone() })?;
            // The length of a redirection is its own.
            let length = if status.is_success() { header(CONTENT_LENGTH.as_str()) } else { None };
            let bytes = header(LINKED_SIZE).or(length).and_then(|bytes| bytes.parse().ok());
            return Ok(Description { hash, bytes, commit });
        }
        Err(HubError::Refused { url: at, status: StatusCode::LOOP_DETECTED.as_u16() })
    }

    /// Brings `part` to its full length, from where it ends. Returns how many bytes came.
    fn fetch_part(&self, file: &str, url: &str, part: &Path, bytes: Option<u64>, watch: Watch<'_>) -> Result<u64, HubError> {
        let disk = |source| HubError::Disk { path: part.to_owned(), source };
        let mut output = fs_err::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(part).map_err(disk)?;
        let mut done = output.seek(SeekFrom::End(0)).map_err(disk)?;
        if bytes.is_some_and(|bytes| done > bytes) {
            // Of another state of the repository.
            done = 0;
        }
        if bytes != Some(done) || done == 0 {
            return self.append(file, url, &mut output, done, bytes, watch);
        }
        Ok(0)
    }

    fn append(
        &self,
        file: &str,
        url: &str,
        output: &mut fs_err::File,
        mut done: u64,
        bytes: Option<u64>,
        watch: Watch<'_>,
    ) -> Result<u64, HubError> {
        let path = PathBuf::from(output.path());
        let disk = |source| HubError::Disk { path: path.clone(), source };
        let mut request = self.agent.get(url);
        if done > 0 {
            request = request.header(RANGE, format!("bytes={done}-"));
        }
        let mut answer = request.call().map_err(|error| self.unreachable(error))?;
        let status = answer.status();
        if !status.is_success() && status != StatusCode::RANGE_NOT_SATISFIABLE {
            return Err(HubError::Refused { url: url.to_owned(), status: status.as_u16() });
        }
        let goes_on = status == StatusCode::PARTIAL_CONTENT
            && text(answer.headers(), CONTENT_RANGE.as_str()).is_some_and(|range| range.starts_with(&format!("bytes {done}-")));
        if done > 0 && status == StatusCode::RANGE_NOT_SATISFIABLE {
            output.set_len(0).map_err(disk)?;
            output.seek(SeekFrom::Start(0)).map_err(disk)?;
            return self.append(file, url, output, 0, bytes, watch);
        }
        if done == 0 || !goes_on {
            // The whole file comes, asked for or not.
            done = 0;
            output.set_len(0).map_err(disk)?;
        }
        output.seek(SeekFrom::Start(done)).map_err(disk)?;
        let start = done;
        let mut body = answer.body_mut().as_reader();
        let mut block = vec![0; BLOCK];
        watch(file, done, bytes);
        loop {
            match body.read(&mut block) {
                Ok(0) => break,
                Ok(read) => {
                    output.write_all(&block[..read]).map_err(disk)?;
                    done += read as u64;
                    watch(file, done, bytes);
                }
                Err(source) => return Err(HubError::Interrupted { file: file.to_owned(), done, source: Some(Box::new(source)) }),
            }
        }
        output.sync_all().map_err(disk)?;
        if bytes.is_some_and(|bytes| done < bytes) {
            return Err(HubError::Interrupted { file: file.to_owned(), done, source: None });
        }
        Ok(done - start)
    }

    fn unreachable(&self, source: ureq::Error) -> HubError {
        HubError::Unreachable {
            endpoint: self.endpoint.to_owned(),
            files: format!("{} of {}/{}", self.model.files().join(", "), super::PUBLISHED, self.model.repository),
            folder: self.folder.to_owned(),
            by_hand: by_hand(self.model, self.folder),
            source: Box::new(source),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The address that `location` names, seen from `at`.
fn resolved(at: &str, location: &str) -> Option<String> {
    if !location.starts_with('/') {
        return location.starts_with("http").then(|| location.to_owned());
    }
    let at: Uri = at.parse().ok()?;
    Some(format!("{}://{}{location}", at.scheme_str()?, at.authority()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_git_hash_of_a_file_is_gits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("greeting");
        fs_err::write(&path, "hello\n").unwrap();
        // `git hash-object greeting`
        assert_eq!(git_blob_of_file(&path).unwrap(), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn only_hashes_are_read_out_of_etags() {
        let kind = |etag: &str| Hash::of_etag(etag).map(|hash| hash.name());
        assert_eq!(kind(&format!("\"{}\"", "Ab".repeat(32))), Some("SHA-256 of the hub"));
        assert_eq!(kind(&format!("W/\"{}\"", "0".repeat(40))), Some("git hash of the hub"));
        for other in ["", "\"5f3c\"", "\"d41d8cd98f00b204e9800998ecf8427e\"", &"g".repeat(64)] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn locations_are_seen_from_where_they_were_named() {
        assert_eq!(resolved("http://hub:81/a/b?c", "/d/e").as_deref(), Some("http://hub:81/d/e"));
        assert_eq!(resolved("http://hub/a", "https://other/d").as_deref(), Some("https://other/d"));
        assert_eq!(resolved("http://hub/a", "d"), None);
    }
}
