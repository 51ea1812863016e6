//! What a method returns: which error type it has, and how that error travels.
//!
//! The macros see only the spelling of a return type. The type itself is left to the compiler,
//! by means of this file: an alias of `Result` is a `Result`, and `anyhow::Error` is opaque under
//! every name.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;

use super::spec::MethodSpec;
use crate::error::{Error, ErrorText, RemoteError};
use crate::protocol::{Lossless, Problem, ProblemKind};

/// A type that can be the error of a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a plugin's method",
    label = "this error cannot reach the caller",
    note = "put `#[derive(Debug, serde::Serialize, serde::Deserialize)]` on the type, and the \
            caller gets it back; or return `anyhow::Result`, which arrives as its text"
)]
pub trait MethodError: Serialize + DeserializeOwned + Debug + 'static {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + Debug + 'static> MethodError for E {}

/// The two types of a `Result`, as the caller sees them. The error of an opaque one is a
/// [`RemoteError`].
pub trait Parts<const OPAQUE: bool> {
    /// The type of a success.
    type Ok;
    /// The type of the method's error at the caller.
    type Error;
}

impl<T, E> Parts<false> for Result<T, E> {
    type Ok = T;
    type Error = E;
}

impl<T, E> Parts<true> for Result<T, E> {
    type Ok = T;
    type Error = RemoteError;
}

/// A `Result` that a method can return.
///
/// `OPAQUE` says whether the error loses its type on the wire and arrives as a
/// [`RemoteError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a plugin's method",
    label = "the error of this `Result` cannot travel",
    note = "the error type needs `serde::Serialize`, `serde::Deserialize` and `Debug`, so that \
            the caller gets it back; or return `anyhow::Result`, which arrives as its text"
)]
pub trait Outcome<const OPAQUE: bool>: Parts<OPAQUE> {
    /// The success, or the problem document of the error; the method says how the error is shown.
    ///
    /// # Errors
    /// The method's own error.
    fn into_reply(self, method: &MethodSpec) -> Result<Self::Ok, Problem>;
}

#[diagnostic::do_not_recommend]
impl<T, E: MethodError> Outcome<false> for Result<T, E> {
    fn into_reply(self, method: &MethodSpec) -> Result<T, Problem> {
        self.map_err(|error| method_problem(&error, method.error.text.line(&error)))
    }
}

impl<T> Outcome<true> for Result<T, anyhow::Error> {
    fn into_reply(self, _: &MethodSpec) -> Result<T, Problem> {
        self.map_err(|error| remote_problem(&RemoteError::from(&error)))
    }
}

impl<T> Outcome<true> for Result<T, Error> {
    fn into_reply(self, _: &MethodSpec) -> Result<T, Problem> {
        self.map_err(|error| remote_problem(&RemoteError::from(&error)))
    }
}

/// The problem document of an error that loses its type on the wire.
pub(crate) fn remote_problem(error: &RemoteError) -> Problem {
    method_problem(error, format!("{error:#}"))
}

fn method_problem<E: Serialize>(error: &E, detail: String) -> Problem {
    match to_raw_value(&Lossless::of(error)) {
        Ok(value) => Problem::method(value, detail),
        Err(fault) => Problem::new(
            ProblemKind::Internal,
            format!("the method's error cannot be written as JSON ({fault}): {detail}"),
        ),
    }
}

/// The error type that the caller of a method with this `Result` gets.
pub type ErrorOf<R, const OPAQUE: bool> = <R as Parts<OPAQUE>>::Error;

/// Asks the compiler about a type: `ErrorKind::<R>::OPAQUE` is whether `R` is a
/// `Result` whose error is opaque, `ErrorKind::<T>::IS_RESULT` whether `T` is a
/// `Result` at all. The inherent constants win over those of [`ErrorKindFallback`],
/// which has to be in scope.
#[derive(Debug)]
pub struct ErrorKind<R>(PhantomData<R>);

impl<T> ErrorKind<Result<T, anyhow::Error>> {
    /// The error of `anyhow` has no wire type.
    pub const OPAQUE: bool = true;
}

impl<T> ErrorKind<Result<T, Error>> {
    /// goplug's own error has no wire type.
    pub const OPAQUE: bool = true;
}

/// The constant of [`ErrorKind`] for all types without an opaque error.
pub trait ErrorKindFallback {
    /// The error keeps its type.
    const OPAQUE: bool = false;
}

impl<R> ErrorKindFallback for ErrorKind<R> {}

/// Asks the compiler whether a type is a `Result` under another name; see
/// [`ErrorKind`].
#[derive(Debug)]
pub struct ResultKind<T>(PhantomData<T>);

impl<T, E> ResultKind<Result<T, E>> {
    /// It is a `Result`.
    pub const IS_RESULT: bool = true;
}

/// The constant of [`ResultKind`] for all types that are not a `Result`.
pub trait ResultKindFallback {
    /// It is not a `Result`.
    const IS_RESULT: bool = false;
}

impl<T> ResultKindFallback for ResultKind<T> {}

/// Asks the compiler what an error type has beside `Debug`; see [`ErrorKind`]. Each of the two
/// constants is that of an inherent impl, or else that of [`ErrorTextFallback`].
#[derive(Debug)]
pub struct ErrorTextOf<E>(PhantomData<E>);

impl<E: std::error::Error + 'static> ErrorTextOf<E> {
    /// It is an error of the standard library's kind.
    pub const ERROR: Option<ErrorText> = Some(ErrorText::error::<E>());
}

impl<E: Display + 'static> ErrorTextOf<E> {
    /// It has `Display`.
    pub const DISPLAY: ErrorText = ErrorText::display::<E>();
}

/// The constants of [`ErrorTextOf`] for types that have only `Debug`.
pub trait ErrorTextFallback {
    /// It is no error of the standard library's kind.
    const ERROR: Option<ErrorText> = None;
    /// It has no `Display`.
    const DISPLAY: ErrorText = ErrorText::DEBUG;
}

impl<E> ErrorTextFallback for ErrorTextOf<E> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed::Attempt;
    use crate::typed::declare::ErrorSpec;

    /// The specification of a method whose error is shown in this way.
    const fn spec(text: ErrorText) -> MethodSpec {
        MethodSpec {
            name: "m",
            returns: "",
            error: ErrorSpec { text, ..ErrorSpec::NONE },
            ..MethodSpec::EMPTY
        }
    }

    type Renamed = Result<u8, anyhow::Error>;

    #[test]
    fn the_compiler_sees_through_aliases() {
        const { assert!(ErrorKind::<Renamed>::OPAQUE) };
        const { assert!(ErrorKind::<crate::Result<u8>>::OPAQUE) };
        const { assert!(!ErrorKind::<Result<u8, String>>::OPAQUE) };
        const { assert!(ResultKind::<Renamed>::IS_RESULT) };
        const { assert!(!ResultKind::<u8>::IS_RESULT) };
    }

    #[test]
    fn a_typed_error_travels_as_its_value() {
        let error = Err::<u8, _>(("by zero".to_owned(), 3));
        let problem = Attempt::<false, _>(error).reply_to(&spec(ErrorText::DEBUG)).unwrap_err();
        assert_eq!(problem.error.as_ref().unwrap().get(), r#"["by zero",3]"#);
        assert_eq!(problem.detail, r#"("by zero", 3)"#);
    }

    #[test]
    fn an_opaque_error_travels_as_its_texts() {
        let error = anyhow::anyhow!("disk full").context("saving");
        let problem =
            Attempt::<true, _>(Err::<u8, _>(error)).reply_to(&spec(ErrorText::DEBUG)).unwrap_err();
        let remote: RemoteError =
            serde_json::from_str(problem.error.as_ref().unwrap().get()).unwrap();
        assert_eq!(format!("{remote:#}"), "saving: disk full");
        assert_eq!(problem.detail, "saving: disk full");
    }

    #[test]
    fn the_compiler_says_what_an_error_type_has() {
        #[derive(Debug)]
        struct OnlyDebug;
        const { assert!(ErrorTextOf::<OnlyDebug>::DISPLAY.display.is_none()) };
        const { assert!(ErrorTextOf::<String>::DISPLAY.display.is_some()) };
        const { assert!(ErrorTextOf::<String>::ERROR.is_none()) };
        const { assert!(ErrorTextOf::<std::io::Error>::ERROR.is_some()) };
    }

    #[test]
    fn the_detail_is_the_text_of_the_error() {
        let text = ErrorTextOf::<String>::DISPLAY;
        let problem = Attempt::<false, _>(Err::<u8, _>("by zero".to_owned()))
            .reply_to(&spec(text))
            .unwrap_err();
        assert_eq!(problem.detail, "by zero");
    }
}
