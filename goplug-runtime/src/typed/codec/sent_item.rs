//! An item of a stream that a call sends: a value, or why there is none.

use std::fmt::Display;

/// What a stream may yield that a client sends as items `T`: `T`, or `Result<T, E>` with any error that has
/// a text.
///
/// An error ends the stream. The method gets the text, as
/// [`IncomingError::Sender`](crate::typed::IncomingError::Sender), after the items before it, and its
/// answer is the result of the call.
#[diagnostic::on_unimplemented(
    message = "a stream of `{Self}` cannot be sent as one of `{T}`",
    label = "each item has to be a `{T}`, or a `Result` with a `{T}` and an error that implements \
             `Display`"
)]
pub trait SentItem<T> {
    /// The value, or the text of the error.
    ///
    /// # Errors
    /// The text of the error, with its causes where its alternate form has them.
    fn into_item(self) -> Result<T, String>;
}

impl<T> SentItem<T> for T {
    #[inline]
    fn into_item(self) -> Result<T, String> {
        Ok(self)
    }
}

impl<T, E: Display> SentItem<T> for Result<T, E> {
    #[inline]
    fn into_item(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:#}"))
    }
}
