//! What generated code asks the compiler about the user's types.
//!
//! The macros place one of these calls at each type of a signature, so that a missing
//! bound is reported there, in words about what the type is for, and not somewhere in
//! generated code. They do nothing when they run, which is at compile time.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outcome::Outcome;

/// A type that can be a parameter of a method or callback.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a plugin's method or callback",
    label = "this type cannot be sent as JSON",
    note = "put `#[derive(serde::Serialize, serde::Deserialize)]` on the type: one side writes \
            it, the other reads it"
)]
pub trait Parameter {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Parameter for T {}

/// A type that can be what a method or callback returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a plugin's method or callback",
    label = "this type cannot be sent as JSON",
    note = "put `#[derive(serde::Serialize, serde::Deserialize)]` on the type: one side writes \
            it, the other reads it"
)]
pub trait MethodResult {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> MethodResult for T {}

/// A type that can be the error of a method.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a plugin's method",
    label = "this error cannot reach the caller",
    note = "put `#[derive(Debug, serde::Serialize, serde::Deserialize)]` on the type, and the \
            caller gets it back; or return `anyhow::Result`, which arrives as its text"
)]
pub trait MethodError {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned + Debug> MethodError for E {}

/// A type that can be a plugin's configuration.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plugin's configuration",
    label = "this type cannot be read from JSON",
    note = "put `#[derive(serde::Deserialize)]` on the type; `Option<{Self}>` if the host may \
            give none"
)]
pub trait ConfigurationType {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> ConfigurationType for T {}

/// This is a parameter.
pub const fn parameter<T: Parameter>() {}

/// This is a result.
pub const fn result<T: MethodResult>() {}

/// This is a method's error.
pub const fn error<E: MethodError>() {}

/// This is the configuration.
pub const fn configuration<T: ConfigurationType>() {}

/// This is a `Result` of `T`.
pub const fn outcome<R, T, const OPAQUE: bool>()
where
    R: Outcome<OPAQUE, Ok = T>,
{
}

/// A type that is not spelled as a `Result` is none.
///
/// # Panics
/// Where it is one, which stops the compiler.
pub const fn no_result(is_result: bool) {
    assert!(
        !is_result,
        "this type is a `Result` under another name: write it as `Result<…>`, or give it a name \
         that ends in `Result`, so that the caller gets its error"
    );
}
