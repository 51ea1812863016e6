//! The digest of a program, which is compared before each start.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::transport::{FileStamp, OpenProgram};

/// The digest of a file, as lowercase hexadecimal digits, and how the file was.
type Known = (FileStamp, String);

/// The digest that a plugin's program was found to have last. A file that has not been touched
/// since has it still, and a plugin that is started again need not be read again: to read a
/// program of 1.6 MB takes as long as its start.
#[derive(Clone, Debug, Default)]
pub(in crate::host) struct DigestCache(Arc<Mutex<Option<Known>>>);

impl DigestCache {
    /// The digest of an open program, if it is known, which nobody may write but whom this host
    /// trusts.
    pub(in crate::host) fn get(&self, program: &OpenProgram) -> io::Result<Option<String>> {
        let state = FileStamp::of(program)?;
        let known = self.lock();
        let digest = known.as_ref().filter(|(known, _)| *known == state);
        Ok(digest.map(|(_, digest)| digest.clone()))
    }

    /// Reads the digest of such a program. Does blocking I/O.
    pub(in crate::host) fn read(&self, program: &OpenProgram) -> io::Result<String> {
        let state = FileStamp::of(program)?;
        let digest = read_digest(program)?;
        // One that may have been written meanwhile, or whose clock may not show it, is read
        // again next time.
        let settled = state.is_settled() && FileStamp::of(program)? == state;
        *self.lock() = settled.then(|| (state, digest.clone()));
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SHA-256 of an open program, whatever is known of it. Does blocking I/O.
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

    /// Of an empty file, by FIPS 180-4.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn digest(known: &DigestCache, path: &Path) -> String {
        let program = OpenProgram::open(path).unwrap();
        known.get(&program).unwrap().unwrap_or_else(|| known.read(&program).unwrap())
    }

    #[test]
    fn a_file_that_may_still_be_written_is_read_each_time() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("program");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let known = DigestCache::default();
        assert_eq!(digest(&known, &path), EMPTY);
        assert_eq!(*known.lock(), None);
        std::fs::write(&path, "x").unwrap();
        assert_ne!(digest(&known, &path), EMPTY);
    }

    #[test]
    fn what_was_read_of_a_file_that_rests_is_known() {
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let known = DigestCache::default();
        assert_eq!(known.get(&program).unwrap(), None);
        let digest = known.read(&program).unwrap();
        assert_ne!(digest, EMPTY);
        assert_eq!(known.get(&program).unwrap(), Some(digest));
    }

    #[test]
    fn what_is_known_of_one_file_is_not_said_of_another() {
        let known = DigestCache::default();
        let digest_of_true = digest(&known, Path::new("/bin/true"));
        assert_ne!(digest(&known, Path::new("/bin/cat")), digest_of_true);
        assert_eq!(digest(&known, Path::new("/bin/true")), digest_of_true);
    }
}
