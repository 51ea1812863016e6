//! The attribute macros of goplug. Users reach them through the `goplug` crate.
//!
//! Parse, then model, then expand: `attr` and `syntax` read, `model` holds what was
//! declared and is valid, `expand` writes. Here are the entry points only.

mod attr;
mod diag;
mod expand;
mod model;
#[cfg(test)]
mod snapshots;
mod syntax;

use proc_macro::TokenStream;

use crate::model::Role;

/// Declares a plugin, or a contract that many plugins fulfil.
///
/// | on | it makes | options |
/// |---|---|---|
/// | a struct | the struct a plugin; functions are its methods | those below |
/// | an `impl` block | its type a plugin; marked functions are its methods | those below |
/// | `impl Contract for Type` | its type a plugin that fulfils the contract | those below |
/// | either `impl`, with the type's path | nothing new: it adds to a plugin that is declared elsewhere | |
/// | a trait | the trait a contract; marked functions are its methods | |
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the plugin's name, `[A-Za-z0-9_-]{1,64}` | the type's |
/// | `namespace = "…"` | its namespace, the same alphabet and `.` | empty |
/// | `version = "…"` | its semantic version | that of its crate |
/// | `url = "…"` | its URL, without a path | made of namespace and name |
/// | `lazy_load` | it is loaded only when it is asked for | |
/// | `crate = path` | where goplug is found | `::goplug`; everywhere allowed |
///
/// # What it generates
/// For a plugin `Calculator` the implementation of `PluginType` and the client
/// `CalculatorClient`; for a contract `Greeter` the client `GreeterClient`. The client
/// of a struct or trait is as visible as that, the client of an `impl` is `pub`. Beside
/// each client there is one for hosts that are not async: `CalculatorBlockingClient`.
///
/// A unit struct is its own value. Everything else, and every `impl`, starts as
/// `Default::default()`. One value serves all calls, at the same time, so methods take
/// `&self`, and state stands behind a lock or an atomic.
///
/// Exactly one annotation declares a plugin. A second `impl`, or a second contract that
/// the plugin fulfils, names the type: `#[goplug::plugin(Calculator)]`. Two that
/// declare the same plugin are an error: the compiler says that `CalculatorClient` is
/// defined twice.
///
/// In a contract, an `async fn` becomes a function whose future is `Send`;
/// implementors write `async fn` as before. A method with a body is one that they may
/// leave out.
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::annotated(args.into(), item.into()).into()
}

/// Makes a function a method of a plugin.
///
/// On a free function the first argument is the path of the plugin's type,
/// `#[goplug::method(Calculator)]`, and the client is looked for beside that type:
/// `super::CalculatorClient` and `super::CalculatorBlockingClient` for
/// `super::Calculator`. Within an `impl` or trait that
/// has `#[goplug::plugin]` there is no path.
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the wire name | the function's |
/// | `blocking` | it runs on a thread where it may block; not for an `async fn` | |
/// | `idempotent` | it may safely run twice | |
/// | `crate = path` | where goplug is found; within an `impl` it stands there | `::goplug` |
///
/// # Parameters
/// Up to twelve, by name. A type is sent as JSON, so it is serde's; `&str`, `&[T]` and
/// `&T` are decoded as `String`, `Vec<T>` and `T`, and an `Option` may be missing. A
/// free function may take the plugin's value first, as `&Calculator`.
///
/// A function whose only parameter is spelled `Bytes`, `Vec<u8>` or `&[u8]` gets the
/// body of the call as it is, and a result spelled `Bytes` or `Vec<u8>` is the body of
/// the answer; neither is JSON.
///
/// # Results
/// What is spelled `…Result` is a `Result`, and its error reaches the caller: as its
/// own type if that is serde's, and as a `RemoteError` if it is `anyhow::Error` or
/// `goplug::Error`. The client returns `Result<T, CallError<E>>` for it. Everything
/// else is a plain value, for which the client returns `goplug::Result<T>`.
#[proc_macro_attribute]
pub fn method(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Method, args.into(), item.into()).into()
}

/// Declares a callback: what a plugin calls in its host.
///
/// It stands on an `async fn` without a body, `#[goplug::callback(Calculator)]`, or,
/// without a path, within an `impl` or trait that has `#[goplug::plugin]`. The macro
/// writes the body. It takes `name = "…"` and `crate = path`, as a method does, and
/// the same parameters.
///
/// It returns `goplug::Result<()>`, and then reaches every host that listens, or
/// `goplug::Result<T>`, and then asks the host that listened first. Where nobody
/// listens it fails with `Error::NotRegistered`.
///
/// For a callback `progress` the client has `on_progress`, which takes a handler and
/// returns a `Subscription`, and `progress_stream` if there is no answer to give. Both
/// get owned values: a `String` for a `&str`. The blocking client's `on_progress` takes a
/// plain closure.
#[proc_macro_attribute]
pub fn callback(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Callback, args.into(), item.into()).into()
}

/// Makes a function the plugin's activation hook: it runs when a host loads the plugin.
///
/// `#[goplug::activate(Calculator)]` on a function, or without a path within an `impl`
/// that has `#[goplug::plugin]`; `crate = path` on a function. The function may take the
/// plugin's value first, and then one parameter: the host's configuration, of any type
/// that serde reads. It returns nothing, or a `Result<(), E>` whose error converts into
/// `anyhow::Error`; if it fails, so does loading. A plugin has at most one.
#[proc_macro_attribute]
pub fn activate(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Activate, args.into(), item.into()).into()
}

/// Makes a function the plugin's stop hook: it runs when a host unloads the plugin.
///
/// As `activate`, but without a configuration. A plugin has at most one.
#[proc_macro_attribute]
pub fn stop(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::function(Role::Stop, args.into(), item.into()).into()
}
