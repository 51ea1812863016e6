//! The digest of a program, which is compared before each start.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::transport::{FileStamp, OpenProgram};

/// The digest of a file in lowercase hexadecimal digits, and the stamp of the file at that time.
type CachedDigest = (FileStamp, String);

/// The last digest of a plugin's program. As long as the file has the same stamp, the program
/// need not be read again for the next start: to read a program of 1.6 MB takes as long as its
/// start.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct DigestCache(Arc<Mutex<Option<CachedDigest>>>);

impl DigestCache {
    /// The cached digest of an open program; `None` if there is none for the file's present stamp.
    ///
    /// Only for programs that no untrusted user may write: the stamp includes times, which
    /// somebody with write access can set.
    pub(in crate::host) fn get(&self, program: &OpenProgram) -> io::Result<Option<String>> {
        let stamp = FileStamp::of(program)?;
        let cached = self.lock();
        let digest = cached.as_ref().filter(|(cached_stamp, _)| *cached_stamp == stamp);
        Ok(digest.map(|(_, digest)| digest.clone()))
    }

    /// Computes the digest of an open program and caches it. Does blocking I/O.
    ///
    /// Only for the programs that [`DigestCache::get`] is for.
    pub(in crate::host) fn read(&self, program: &OpenProgram) -> io::Result<String> {
        let stamp = FileStamp::of(program)?;
        let digest = read_digest(program)?;
        // A file that may have been written meanwhile, or too recently for its times to show it,
        // is read again next time.
        let settled = stamp.is_settled() && FileStamp::of(program)? == stamp;
        *self.lock() = settled.then(|| (stamp, digest.clone()));
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, Option<CachedDigest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SHA-256 of an open program, without a cache. Does blocking I/O.
pub(in crate::host) fn read_digest(program: &OpenProgram) -> io::Result<String> {
    let mut file = program.file();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hash.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// The digest of an empty file, by FIPS 180-4.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn digest(cache: &DigestCache, path: &Path) -> String {
        let program = OpenProgram::open(path).unwrap();
        cache.get(&program).unwrap().unwrap_or_else(|| cache.read(&program).unwrap())
    }

    #[test]
    fn a_recently_written_file_is_read_each_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let cache = DigestCache::default();
        assert_eq!(digest(&cache, &path), EMPTY);
        assert_eq!(*cache.lock(), None);
        std::fs::write(&path, "x").unwrap();
        assert_ne!(digest(&cache, &path), EMPTY);
    }

    #[test]
    fn the_digest_of_an_old_file_is_cached() {
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let cache = DigestCache::default();
        assert_eq!(cache.get(&program).unwrap(), None);
        let digest = cache.read(&program).unwrap();
        assert_ne!(digest, EMPTY);
        assert_eq!(cache.get(&program).unwrap(), Some(digest));
    }

    #[test]
    fn the_digest_of_one_file_is_not_used_for_another() {
        let cache = DigestCache::default();
        let digest_of_true = digest(&cache, Path::new("/bin/true"));
        assert_ne!(digest(&cache, Path::new("/bin/cat")), digest_of_true);
        assert_eq!(digest(&cache, Path::new("/bin/true")), digest_of_true);
    }
}
