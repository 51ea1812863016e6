//! What decides to what a path leads. Each system follows a path in its own way.

use std::path::PathBuf;

/// What decides to what a path leads.
#[derive(Debug, PartialEq, Eq)]
pub struct PathLookup {
    /// The folders in which its names are looked up, as far as others could exchange what is there; the
    /// last one first. None of them is a link.
    pub folders: Vec<PathBuf>,
    /// The symbolic links that it goes through, also at its end, as far as others could exchange them.
    pub links: Vec<PathBuf>,
}
