//! Why a body cannot be taken apart.

use crate::limits::MAX_PARTS;

/// A body is not what `multipart/form-data` is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// The first line is no boundary.
    #[error("the body does not begin with the line of a boundary")]
    Boundary,
    /// Something else follows a boundary than a part or the end.
    #[error("a boundary is followed by neither a new line nor `--`")]
    Delimiter,
    /// The last boundary is missing.
    #[error("the body ends before its last boundary, which ends in `--`")]
    Unfinished,
    /// The `Content-Length` of a part is not a number, or no boundary is at its end.
    #[error("the `Content-Length` of a part is not that of its content")]
    Length,
    /// A line in the head of a part is no field.
    #[error("a line in the head of a part has no colon")]
    Head,
    /// The head of a part has more than [`MAX_PART_HEAD`](crate::limits::MAX_PART_HEAD) bytes.
    #[error("the head of a part is too long")]
    HeadTooLong,
    /// A part says not what it is.
    #[error("a part has no `Content-Disposition: form-data; name=…`")]
    NoName,
    /// A part is encoded.
    #[error("a part is encoded as {0}: bytes travel as they are")]
    Encoding(String),
    /// There are more than [`MAX_PARTS`] parts.
    #[error("there are more than {MAX_PARTS} parts")]
    TooMany,
    /// Several parts have one name.
    #[error("there are several parts of the name {0:?}")]
    Twice(String),
}
