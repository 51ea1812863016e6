//! Why no client could be made.

use std::path::PathBuf;

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The text is neither a `.pconf` nor a descriptor.
    #[error("neither a .pconf nor a descriptor: {reason}")]
    Source {
        /// Why not.
        reason: String,
    },
    /// The file says nothing of the plugin's methods.
    #[error(
        "the .pconf names no method and no callback; write one with `PROGRAM install`, or take the \
         output of `PROGRAM describe`"
    )]
    Empty,
    /// A member cannot be had as it is.
    #[error("{member}: {part}: {reason}")]
    Member {
        /// The member: `method make-report`, `callback progress`.
        member: String,
        /// The part: `parameter title`, `result`, `error`, `answer`.
        part: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// No member has the wire name for which the generator has an option.
    #[error("the plugin has no member {0:?}, which `value_for` or `without` names")]
    NoSuchMember(String),
    /// The generator's options for the module are not words of Rust.
    #[error("no module can be declared as `{0}`")]
    Module(String),
    /// `OUT_DIR` or `CARGO_MANIFEST_DIR` is not set.
    #[error("{0} is not set: `build` is for build scripts, which Cargo runs")]
    NoCargo(&'static str),
    /// The types together are not what they are one by one.
    #[error("the types of all members together: {reason}")]
    Types {
        /// Why not.
        reason: String,
    },
}
