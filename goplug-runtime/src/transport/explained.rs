//! Errors of the system with a text for people.

use std::error::Error;
use std::fmt;
use std::io;

/// An error of the system with a text for people in its place.
#[derive(Debug)]
struct Explained {
    text: String,
    source: io::Error,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Replaces the text of an error, and keeps the error as its cause, which tells whether a later
/// attempt may succeed.
pub fn explain(error: io::Error, text: String) -> io::Error {
    io::Error::new(error.kind(), Explained { text, source: error })
}
