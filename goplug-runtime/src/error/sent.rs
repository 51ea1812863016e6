//! What becomes of an error that loses its type on the wire.

use std::error::Error as StdError;
use std::iter;

use super::{CallError, Error, ErrorKind, RemoteError, failures};

impl RemoteError {
    /// The [`texts`] of an error and of its causes.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut texts = texts(error, ToString::to_string);
        let message = texts.remove(0);
        Self::new(message, texts).with_kind(chain(error).find_map(kind_of))
    }
}

impl From<&anyhow::Error> for RemoteError {
    fn from(error: &anyhow::Error) -> Self {
        Self::of(error.as_ref())
    }
}

impl From<&Error> for RemoteError {
    fn from(error: &Error) -> Self {
        Self::of(error)
    }
}

/// The texts of an error and of its causes, as `text` makes them: at least one. A cause whose text ends
/// the text before it is left out: some errors show their cause in their own text as well.
pub(crate) fn texts(
    error: &(dyn StdError + 'static),
    text: impl Fn(&(dyn StdError + 'static)) -> String,
) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = text(error);
        if texts.last().is_none_or(|before| !before.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts
}

/// The error, and its causes.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |&error| error.source())
}

/// Which of goplug's errors this is, if it is one, or the error of a typed client that stands for one.
fn kind_of(error: &(dyn StdError + 'static)) -> Option<ErrorKind> {
    if let Some(error) = error.downcast_ref::<Error>() {
        return Some(error.kind());
    }
    if let Some(error) = error.downcast_ref::<RemoteError>() {
        return error.kind();
    }
    match error.downcast_ref::<CallError<RemoteError>>() {
        Some(CallError::Goplug(error)) => Some(error.kind()),
        Some(CallError::Method(error)) => error.kind(),
        None => failures::known_kind(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_the_text_before_it_shows_is_shown_once() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = Error::io("reading a.txt", missing);
        assert_eq!(format!("{:#}", RemoteError::from(&error)), "reading a.txt: no such file");
    }

    #[test]
    fn an_error_of_goplug_keeps_its_kind() {
        let deadline = || Error::deadline("add", std::time::Duration::from_secs(1));
        let sent =
            |error: &anyhow::Error| serde_json::to_string(&RemoteError::from(error)).unwrap();
        let kind = |text: &str| serde_json::from_str::<RemoteError>(text).unwrap().kind();
        for error in [
            anyhow::Error::from(deadline()),
            anyhow::Error::from(deadline()).context("saving"),
            CallError::<RemoteError>::Goplug(deadline()).into(),
            CallError::Method(RemoteError::from(&deadline())).into(),
        ] {
            assert_eq!(kind(&sent(&error)), Some(ErrorKind::Deadline), "{error:?}");
        }
        let typed = || anyhow::Error::from(CallError::<u8>::Goplug(deadline())).context("saving");
        failures::remember_failure::<u8>();
        assert_eq!(kind(&sent(&typed())), Some(ErrorKind::Deadline));
        assert_eq!(kind(&sent(&CallError::Method(7_u8).into())), None);
        assert_eq!(kind(&sent(&anyhow::anyhow!("no"))), None);
        assert_eq!(kind(r#"{"message":"no","kind":"of-a-later-version"}"#), None);
    }
}
