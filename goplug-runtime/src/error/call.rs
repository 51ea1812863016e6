//! The error of a typed client's methods.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use serde_json::value::to_raw_value;

use super::{Error, MethodFailure, text};

/// The error of a call by a typed client.
///
/// `E` is the error type of the method, as its author declared it.
///
/// ```
/// #[derive(Debug)]
/// enum DivideError { ByZero }
///
/// fn explain(error: goplug::CallError<DivideError>) -> String {
///     match error {
///         goplug::CallError::Method(DivideError::ByZero) => "by zero".into(),
///         goplug::CallError::Goplug(error) => error.to_string(),
///     }
/// }
/// assert_eq!(explain(goplug::CallError::Method(DivideError::ByZero)), "by zero");
/// ```
///
/// # How it is shown
/// The method's own error is shown by its `Display`, as it is: `we have no rum`. If it has no
/// `Display`, by its `Debug`, in which quotes and backslashes of texts stand as they are, so that an error
/// within an error can be read: `the method answered with an error: ByZero`.
/// [`source`](StdError::source) goes on with the causes of the method's error, if that is a
/// [`std::error::Error`]. An error that a client did not receive, but a test made, is shown by
/// its `Debug` until a client of that method has received one.
///
/// # With `?`
/// It converts into [`Error`], and into `anyhow::Error` as every error does:
///
/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::method(Calculator)]
/// pub fn halve(n: u32) -> Result<u32, String> {
///     if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
/// }
///
/// async fn quarter<C: goplug::Caller>(
///     calculator: &CalculatorClient<C>,
///     n: u32,
/// ) -> goplug::Result<u32> {
///     Ok(calculator.halve(calculator.halve(n).await?).await?)
/// }
/// ```
#[derive(Debug)]
pub enum CallError<E> {
    /// The method returned an error.
    Method(E),
    /// Any other error.
    Goplug(Error),
}

impl<E> CallError<E> {
    /// Whether the call may have had an effect; see [`Error::may_have_executed`].
    pub fn may_have_executed(&self) -> bool {
        match self {
            Self::Method(_) => true,
            Self::Goplug(error) => error.may_have_executed(),
        }
    }
}

impl<E: fmt::Debug + 'static> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(error) => {
                let text = text::known::<E>();
                if !text.has_display() {
                    f.write_str("the method answered with an error: ")?;
                }
                text.write(error, f)
            }
            Self::Goplug(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl<E: fmt::Debug + 'static> StdError for CallError<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Method(error) => text::known::<E>().source(error),
            Self::Goplug(error) => error.source(),
        }
    }
}

impl<E> From<Error> for CallError<E> {
    fn from(error: Error) -> Self {
        Self::Goplug(error)
    }
}

/// The method's own error becomes an [`Error::Method`], with its value as JSON and its text.
impl<E: Serialize + fmt::Debug + 'static> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Self {
        match error {
            CallError::Goplug(error) => error,
            CallError::Method(error) => Self::Method(MethodFailure {
                detail: text::known::<E>().line(&error),
                error: to_raw_value(&error).ok(),
            }),
        }
    }
}
