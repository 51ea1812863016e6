//! Why the sources cannot be checked.

use std::fmt;
use std::path::PathBuf;

/// A file that cannot be read or does not parse.
#[derive(Debug)]
pub struct Error {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub text: String,
}

impl Error {
    /// An error about one file.
    pub fn new(file: impl Into<PathBuf>, text: impl fmt::Display) -> Self {
        Self { file: file.into(), text: text.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.text)
    }
}

impl std::error::Error for Error {}
