//! The digests of a plugin's files, which are compared before each start.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::command::Command;
use crate::transport::{
    FileAccess, FileId, FileStamp, OpenProgram, Sha256, explain, open_unchanging,
};

/// A file that has to have a certain digest, opened: the file that is compared is the one that a
/// program of this machine is run from.
#[derive(Debug)]
pub(in crate::host) struct PinnedFile {
    path: PathBuf,
    file: File,
    expected: String,
    /// What to do if the file has another digest.
    advice: String,
}

impl PinnedFile {
    /// Opens the files of a command that have digests; the program is open already. Does blocking
    /// I/O.
    ///
    /// # Errors
    /// A file cannot be opened, or is no regular file.
    pub(in crate::host) fn open_all(
        command: &Command,
        program: &OpenProgram,
    ) -> io::Result<Vec<Self>> {
        let open = |(path, expected): &(PathBuf, String)| {
            let is_program = *path == command.program;
            let file = if is_program {
                program.file().try_clone()
            } else {
                open_unchanging(path).and_then(regular)
            };
            let unreadable = |error: io::Error| {
                let text =
                    format!("{}, which has a digest, cannot be read: {error}", path.display());
                explain(error, text)
            };
            Ok(Self {
                path: path.clone(),
                file: file.map_err(unreadable)?,
                expected: expected.clone(),
                advice: if is_program && program.shebang().is_none() {
                    format!("after a build, install it again: {}", installing(command))
                } else {
                    "after a change, write its new digest into the key Sha256".into()
                },
            })
        };
        command.digests.iter().map(open).collect()
    }

    pub(in crate::host) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the file to those that have been compared.
    ///
    /// # Errors
    /// The system's error.
    pub(in crate::host) fn add_to(&self, compared: FileId) -> io::Result<FileId> {
        compared.with_open(&self.path, &self.file)
    }

    /// Who may write it.
    pub(super) fn access(&self) -> io::Result<FileAccess> {
        FileAccess::of_file(&self.file)
    }

    /// Compares the digest that was found.
    ///
    /// # Errors
    /// That it is another one, and what to do; for people.
    pub(in crate::host) fn compare(&self, found: &str) -> Result<(), String> {
        let Self { path, expected, advice, .. } = self;
        if found == expected {
            return Ok(());
        }
        let path = path.display();
        Err(format!("the digest of {path} is {found}, not the {expected} of its .pconf; {advice}"))
    }
}

/// What installs the program of a command again, under the name that it has there.
fn installing(command: &Command) -> String {
    let (program, folder) = (command.program.display(), command.folder.display());
    let Some(alias) = &command.alias else { return format!("{program} install {folder}") };
    let link = if command.program.starts_with(&command.folder) { "" } else { " --link" };
    format!("goplug install {program}{link} --as {alias} --dir {folder}")
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}

/// The digest of a file in lowercase hexadecimal digits, and the stamp of the file at that time.
type CachedDigest = (FileStamp, String);

/// The last digests of a plugin's files. As long as a file has the same stamp, it need not be read
/// again for the next start: to read a program of 1.6 MB takes as long as its start.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct DigestCache(Arc<Mutex<BTreeMap<PathBuf, CachedDigest>>>);

impl DigestCache {
    /// The cached digest of a file; `None` if there is none for the file's present stamp.
    ///
    /// Only for files that no untrusted user may write: the stamp includes times, which somebody
    /// with write access can set.
    pub(in crate::host) fn get(&self, pinned: &PinnedFile) -> io::Result<Option<String>> {
        let stamp = FileStamp::of_file(&pinned.file)?;
        let cached = self.lock();
        let digest = cached.get(&pinned.path).filter(|(cached_stamp, _)| *cached_stamp == stamp);
        Ok(digest.map(|(_, digest)| digest.clone()))
    }

    /// Computes the digest of a file and caches it. Does blocking I/O.
    ///
    /// Only for the files that [`DigestCache::get`] is for.
    pub(in crate::host) fn read(&self, pinned: &PinnedFile) -> io::Result<String> {
        let stamp = FileStamp::of_file(&pinned.file)?;
        let digest = read_digest(pinned)?;
        // A file that may have been written meanwhile, or too recently for its times to show it,
        // is read again next time.
        let settled = stamp.is_settled() && FileStamp::of_file(&pinned.file)? == stamp;
        let mut cached = self.lock();
        if settled {
            cached.insert(pinned.path.clone(), (stamp, digest.clone()));
        } else {
            cached.remove(&pinned.path);
        }
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, CachedDigest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SHA-256 of a file, without a cache. Does blocking I/O.
pub(in crate::host) fn read_digest(pinned: &PinnedFile) -> io::Result<String> {
    let mut file = &pinned.file;
    file.rewind()?;
    Sha256::of_file(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of an empty file, by FIPS 180-4.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// Files that were written long before the test.
    const OLD: [&str; 2] = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs"),
    ];

    fn pinned(path: &Path) -> PinnedFile {
        let file = File::open(path).unwrap();
        PinnedFile { path: path.into(), file, expected: EMPTY.into(), advice: "advice".into() }
    }

    fn digest(cache: &DigestCache, path: &Path) -> String {
        let pinned = pinned(path);
        cache.get(&pinned).unwrap().unwrap_or_else(|| cache.read(&pinned).unwrap())
    }

    #[test]
    fn a_recently_written_file_is_read_each_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::write(&path, "").unwrap();
        let cache = DigestCache::default();
        assert_eq!(digest(&cache, &path), EMPTY);
        assert!(cache.lock().is_empty());
        std::fs::write(&path, "x").unwrap();
        assert_ne!(digest(&cache, &path), EMPTY);
    }

    #[test]
    fn the_digest_of_an_old_file_is_cached() {
        let program = pinned(Path::new(OLD[0]));
        let cache = DigestCache::default();
        assert_eq!(cache.get(&program).unwrap(), None);
        let digest = cache.read(&program).unwrap();
        assert_ne!(digest, EMPTY);
        assert_eq!(cache.get(&program).unwrap(), Some(digest));
    }

    #[test]
    fn every_file_has_its_own_digest() {
        let cache = DigestCache::default();
        let first = digest(&cache, Path::new(OLD[0]));
        assert_ne!(digest(&cache, Path::new(OLD[1])), first);
        assert_eq!(cache.lock().len(), 2);
        assert_eq!(digest(&cache, Path::new(OLD[0])), first);
    }

    #[test]
    fn another_digest_is_reported_with_what_to_do() {
        let program = pinned(Path::new(OLD[0]));
        assert_eq!(program.compare(EMPTY), Ok(()));
        let text = program.compare("00").unwrap_err();
        let expected =
            format!("the digest of {} is 00, not the {EMPTY} of its .pconf; advice", OLD[0]);
        assert_eq!(text, expected);
    }
}
