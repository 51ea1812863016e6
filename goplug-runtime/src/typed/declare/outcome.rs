//! What a method returns: which error type it has, and how that error travels.
//!
//! The macros see only the spelling of a return type. The type itself is left to the compiler,
//! by means of this file: an alias of `Result` is a `Result`, and `anyhow::Error` is opaque under
//! every name.

use std::fmt::Debug;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::to_raw_value;

use crate::error::{Error, RemoteError};
use crate::protocol::{Problem, ProblemKind};

/// A type that can be the error of a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a plugin's method",
    label = "this error cannot reach the caller",
    note = "put `#[derive(Debug, serde::Serialize, serde::Deserialize)]` on the type, and the \
            caller gets it back; or return `anyhow::Result`, which arrives as its text"
)]
pub trait MethodError: Serialize + DeserializeOwned + Debug {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + Debug> MethodError for E {}

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
pub trait Outcome<const OPAQUE: bool> {
    /// The type of a success.
    type Ok;
    /// The type of the method's error at the caller.
    type Error;
    /// The success, or the problem document of the error.
    ///
    /// # Errors
    /// The method's own error.
    fn into_reply(self) -> Result<Self::Ok, Problem>;
}

#[diagnostic::do_not_recommend]
impl<T, E: MethodError> Outcome<false> for Result<T, E> {
    type Ok = T;
    type Error = E;
    fn into_reply(self) -> Result<T, Problem> {
        self.map_err(|error| method_problem(&error, format!("{error:?}")))
    }
}

impl<T> Outcome<true> for Result<T, anyhow::Error> {
    type Ok = T;
    type Error = RemoteError;
    fn into_reply(self) -> Result<T, Problem> {
        self.map_err(|error| remote_problem(&RemoteError::from(&error)))
    }
}

impl<T> Outcome<true> for Result<T, Error> {
    type Ok = T;
    type Error = RemoteError;
    fn into_reply(self) -> Result<T, Problem> {
        self.map_err(|error| remote_problem(&RemoteError::from(&error)))
    }
}

fn remote_problem(error: &RemoteError) -> Problem {
    method_problem(error, error.to_string())
}

fn method_problem<E: Serialize>(error: &E, detail: String) -> Problem {
    match to_raw_value(error) {
        Ok(value) => Problem::method(value, detail),
        Err(fault) => Problem::new(
            ProblemKind::Internal,
            format!("the method's error cannot be written as JSON ({fault}): {detail}"),
        ),
    }
}

/// The error type that the caller of a method with this `Result` gets.
pub type ErrorOf<R, const OPAQUE: bool> = <R as Outcome<OPAQUE>>::Error;

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

/// What an activation or stop hook returns: nothing, or a `Result` of nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a plugin's hook",
    label = "a hook returns nothing or a `Result<(), _>`",
    note = "the error type must convert into `anyhow::Error`"
)]
pub trait HookOutcome {
    /// The result in the form that the runtime takes.
    ///
    /// # Errors
    /// The hook's own error.
    fn into_result(self) -> anyhow::Result<()>;
}

impl HookOutcome for () {
    fn into_result(self) -> anyhow::Result<()> {
        Ok(())
    }
}

impl<E: Into<anyhow::Error>> HookOutcome for Result<(), E> {
    fn into_result(self) -> anyhow::Result<()> {
        self.map_err(Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typed::Reply;

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
        let problem = Reply::outcome(Err::<u8, _>(("by zero".to_owned(), 3))).unwrap_err();
        assert_eq!(problem.error.as_ref().unwrap().get(), r#"["by zero",3]"#);
    }

    #[test]
    fn an_opaque_error_travels_as_its_texts() {
        let error = anyhow::anyhow!("disk full").context("saving");
        let problem = Reply::outcome(Err::<u8, _>(error)).unwrap_err();
        let remote: RemoteError =
            serde_json::from_str(problem.error.as_ref().unwrap().get()).unwrap();
        assert_eq!(remote.to_string(), "saving: disk full");
    }
}
