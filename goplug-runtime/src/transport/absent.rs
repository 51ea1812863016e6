//! Whether there is something at a path.

use std::io;

/// Whether an error says that there is nothing at a path. Every other error of looking leaves that
/// open.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
