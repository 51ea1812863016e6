//! What generated code asks the compiler about the user's types.
//!
//! The macros place one of these calls at each type of a signature. So a missing bound is
//! reported at that type, in words about its purpose, and not somewhere in generated code. The
//! calls are evaluated at compile time, and do nothing then.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::outcome::{MethodError, Outcome};

/// The messages of all bounds are in the same form.
macro_rules! json {
    ($(#[$doc:meta])* $name:ident, $message:literal: $($bounds:tt)+) => {
        json!(
            $(#[$doc])*
            $name,
            $message,
            "this type cannot be sent as JSON",
            "put `#[derive(serde::Serialize, serde::Deserialize)]` on the type: one side writes it, \
             the other reads it": $($bounds)+
        );
    };
    (
        $(#[$doc:meta])* $name:ident,
        $message:literal, $label:literal, $note:literal: $($bounds:tt)+
    ) => {
        $(#[$doc])*
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $note)]
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
    /// A type that the sender of a parameter can write.
    Sent,
    "`{Self}` cannot be a parameter of a plugin's method or callback": Serialize
);

json!(
    /// A type that the receiver of a parameter can read.
    Received,
    "`{Self}` cannot be a parameter of a plugin's method or callback": DeserializeOwned
);

json!(
    /// A type that can be the result of a method or callback.
    MethodResult,
    "`{Self}` cannot be the result of a plugin's method or callback": Serialize + DeserializeOwned
);

json!(
    /// A type that the sender of a result can write.
    Returned,
    "`{Self}` cannot be the result of a plugin's method or callback": Serialize
);

json!(
    /// A type that a method can report while it works.
    Reported,
    "`{Self}` cannot be reported by a plugin's method": Serialize + DeserializeOwned
);

json!(
    /// A parameter that has bytes within it.
    ParameterWithBytes,
    "`{Self}` cannot be a parameter of a plugin's method or callback",
    "`Bytes` within another type cannot be sent",
    "write `Vec<u8>` in the place of `Bytes`, and it is sent as a list of numbers; for much data, let \
     the bytes be parameters of their own, `Bytes` or `Option<Bytes>`, or a stream, \
     `Incoming<Bytes>`": Serialize + DeserializeOwned
);

json!(
    /// A result that has bytes within it.
    ResultWithBytes,
    "`{Self}` cannot be the result of a plugin's method or callback",
    "`Bytes` within another type cannot be sent",
    "write `Vec<u8>` in the place of `Bytes`, and it is sent as a list of numbers; for much data, return \
     `Bytes`, or `(T, Bytes)` with the bytes last and everything else in `T`, or a stream, \
     `impl Stream<Item = Bytes>`": Serialize + DeserializeOwned
);

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

/// A type that is the type `T`, perhaps under another name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the `{T}` that it is spelled as",
    label = "the alias hides another type",
    note = "write the type out: what it is spelled as is what the client returns"
)]
#[doc(hidden)]
pub trait Is<T> {}

impl<T> Is<T> for T {}

/// A type of bytes that travel as they are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is spelled as bytes that travel as they are, and is another type",
    label = "this is not `goplug::Bytes` or `Vec<u8>`",
    note = "give the type another name, and it travels as JSON"
)]
pub trait RawBytes {}

#[diagnostic::do_not_recommend]
impl RawBytes for Bytes {}

#[diagnostic::do_not_recommend]
impl RawBytes for Vec<u8> {}

/// The context of a call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is spelled as the context of the call, and is another type",
    label = "this is not `goplug::CallContext`",
    note = "give the type another name, and it travels as JSON"
)]
pub trait ContextType {}

/// Checks that this is the context of a call.
pub const fn context<T: ContextType>() {}

/// What a method reports with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is spelled as what a method reports with, and is another type",
    label = "this is not `goplug::Progress`",
    note = "give the type another name, and it travels as JSON"
)]
pub trait ProgressType {
    /// The type of a report.
    type Value;
}

/// Checks that a method reports with this.
pub const fn progress<P: ProgressType>() {}

/// Checks that a method can report this.
pub const fn report<T: Reported>() {}

/// Checks that this can be a parameter.
pub const fn parameter<T: Parameter>() {}

/// Checks that this can be a result.
pub const fn result<T: MethodResult>() {}

/// Checks that this can be a parameter, though there are bytes within it.
pub const fn parameter_with_bytes<T: ParameterWithBytes>() {}

/// Checks that this can be a result, though there are bytes within it.
pub const fn result_with_bytes<T: ResultWithBytes>() {}

/// Checks that these are bytes that travel as they are.
pub const fn bytes<T: RawBytes>() {}

/// Checks that this can be a method's error.
pub const fn error<E: MethodError>() {}

/// Checks that this can be a configuration.
pub const fn configuration<T: ConfigurationType>() {}

/// Checks that a type is the type of goplug that it is spelled as.
pub const fn spelled<T: Is<S>, S>() {}

/// Checks that this is a `Result` of exactly these two types.
pub const fn typed<R, T, E>()
where
    R: Is<Result<T, E>>,
{
}

/// Checks that this is a `Result` of `T` whose error can travel.
pub const fn outcome<R, T, const OPAQUE: bool>()
where
    R: Outcome<OPAQUE, Ok = T>,
{
}

/// Checks that the error of a method's stream is that of its items.
pub const fn same_error<R, I, const OPAQUE: bool, const OF_ITEMS: bool>()
where
    R: Outcome<OPAQUE>,
    I: Outcome<OF_ITEMS>,
    R::Error: ErrorOfItems<I::Error>,
{
}

/// An error that is the error `E`.
#[diagnostic::on_unimplemented(
    message = "a method with a streamed result has one error, and these are two: `{Self}` and `{E}`",
    label = "the items fail with `{E}`",
    note = "let the method and its items fail with the same type"
)]
#[doc(hidden)]
pub trait ErrorOfItems<E> {}

#[diagnostic::do_not_recommend]
impl<E> ErrorOfItems<E> for E {}

/// Checks that a type that is not spelled as a `Result` is not a `Result`.
///
/// # Panics
/// If it is a `Result`. The call is in a constant, so that this is a compile error.
pub const fn no_result(is_result: bool) {
    assert!(
        !is_result,
        "this type is a `Result` under another name: write it as `Result<…>`, or give it a name \
         that ends in `Result`, so that the caller gets its error"
    );
}

/// Checks that a type that is not spelled as bytes is not bytes.
///
/// # Panics
/// If it is bytes; see [`no_result`].
pub const fn no_hidden_bytes(is_bytes: bool) {
    assert!(
        !is_bytes,
        "these are bytes under another name, which would travel as a list of numbers: write \
         `Vec<u8>` or `Bytes`, and they travel as they are"
    );
}

/// Checks that a type that is not spelled as a stream is no stream.
///
/// # Panics
/// If it is a stream; see [`no_result`].
pub const fn no_hidden_stream(is_stream: bool) {
    assert!(
        !is_stream,
        "this is a stream under another name: write `impl Stream<Item = T>`, or \
         `Pin<Box<dyn Stream<Item = T> + Send>>`, or `BoxStream<T>`, so that its items are seen"
    );
}

/// Checks that no `Some` of a type would arrive as `None`.
///
/// # Panics
/// If one would; see [`no_result`].
pub const fn no_lost_some(loses_some: bool) {
    assert!(
        !loses_some,
        "this is an `Option` of an `Option` or of `()` under another name, and its `Some(None)` or \
         `Some(())` would arrive as `None`: write an enum with three variants, or `bool`"
    );
}
