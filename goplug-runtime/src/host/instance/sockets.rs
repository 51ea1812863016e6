//! The folder in which a registry binds the sockets of the plugins that it starts.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::transport::{FOLDER_PREFIX, RuntimeDir, secret_socket_path, temp_dir};

/// The private folder in which a registry binds the sockets of its plugins. It is made when it is
/// first needed, and again if somebody else has removed it, and removed with the registry.
#[derive(Debug, Default)]
pub(in crate::host) struct Sockets {
    folder: Mutex<Option<RuntimeDir>>,
}

impl Sockets {
    /// A path for the next socket. No path is returned twice, and nobody guesses it.
    pub(super) fn next(&self) -> io::Result<PathBuf> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = match &mut *folder {
            Some(folder) if folder.is_usable() => folder,
            other => other.insert(RuntimeDir::create(&temp_dir(), FOLDER_PREFIX)?),
        };
        secret_socket_path(folder.path())
    }

    /// Removes the folder.
    pub(in crate::host) fn remove(&self) {
        drop(self.folder.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Removes the folders of hosts that were killed. Does blocking I/O.
pub(in crate::host) fn remove_abandoned() {
    RuntimeDir::remove_abandoned(&temp_dir(), FOLDER_PREFIX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::STAYS_BEHIND;

    #[test]
    fn a_folder_that_was_removed_is_made_again() {
        let sockets = Sockets::default();
        let first = sockets.next().unwrap();
        if !STAYS_BEHIND {
            // Sockets are in no folder.
            assert_ne!(sockets.next().unwrap(), first);
            return;
        }
        assert_eq!(sockets.next().unwrap().parent(), first.parent());
        std::fs::remove_dir(first.parent().unwrap()).unwrap();
        let next = sockets.next().unwrap();
        assert_ne!(next.parent(), first.parent());
        assert!(next.parent().unwrap().is_dir());
        sockets.remove();
        assert!(!next.parent().unwrap().exists());
    }
}
