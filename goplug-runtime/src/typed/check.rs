//! What generated code asks the compiler about the user's types.
//!
//! The macros place one of these calls at each type of a signature, so that a missing
//! bound is reported there, in words about what the type is for, and not somewhere in
//! generated code. They do nothing when they run, which is at compile time.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outcome::Outcome;

/// What is wrong with a type is said the same way wherever it shows.
macro_rules! json {
    ($(#[$doc:meta])* $name:ident, $message:literal: $($bounds:tt)+) => {
        $(#[$doc])*
        #[diagnostic::on_unimplemented(
            message = $message,
            label = "this type cannot be sent as JSON",
            note = "put `#[derive(serde::Serialize, serde::Deserialize)]` on the type: one side \
                    writes it, the other reads it"
        )]
        pub trait $name: $($bounds)+ {}

        #[diagnostic::do_not_recommend]
        impl<T: ?Sized + $($bounds)+> $name for T {}
    };
}

json!(
    /// A type that can be a parameter of a method or callback.
    Parameter,
    "`{Self}` cannot be a parameter of a plugin's method or callback": Serialize + DeserializeOwned
);

json!(
    /// A parameter as its sender has it.
    Sent,
    "`{Self}` cannot be a parameter of a plugin's method or callback": Serialize
);

json!(
    /// A parameter as its receiver gets it.
    Received,
    "`{Self}` cannot be a parameter of a plugin's method or callback": DeserializeOwned
);

json!(
    /// A type that can be what a method or callback returns.
    MethodResult,
    "`{Self}` cannot be the result of a plugin's method or callback": Serialize + DeserializeOwned
);

json!(
    /// A result as its sender has it.
    Returned,
    "`{Self}` cannot be the result of a plugin's method or callback": Serialize
);

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

/// A type that can be a plugin's configuration.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plugin's configuration",
    label = "this type cannot be read from JSON",
    note = "put `#[derive(serde::Deserialize)]` on the type; `Option<{Self}>` if the host may \
            give none"
)]
pub trait ConfigurationType: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> ConfigurationType for T {}

/// A type that is another one under a further name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the `{T}` that it is spelled as",
    label = "the alias hides another type",
    note = "write the type out: what it is spelled as is what the client returns"
)]
pub trait Is<T> {}

impl<T> Is<T> for T {}

/// This is a parameter.
pub const fn parameter<T: Parameter>() {}

/// This is a result.
pub const fn result<T: MethodResult>() {}

/// This is a method's error.
pub const fn error<E: MethodError>() {}

/// This is the configuration.
pub const fn configuration<T: ConfigurationType>() {}

/// This is a `Result` of just these two.
pub const fn typed<R, T, E>()
where
    R: Is<Result<T, E>>,
{
}

/// This is a `Result` of `T` whose error the compiler knows.
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
