//! The attribute macros of goplug. Users reach them through the `goplug` crate.
//!
//! The rooms, in their order. Each imports only from the rooms above it and from `diag`:
//!
//! | room | what it is for |
//! |---|---|
//! | `attr` | the grammars of our attributes |
//! | `syntax` | items, as far as they have to be understood |
//! | `model` | what was declared, validated |
//! | `emit` | from the model to code, one file for each kind of output |
//! | `item` | the annotated item, and the code beside it |
//! | `client` | the client of a plugin that is known by its `.pconf` |
//!
//! Here are the entry points only. Start with `item`, or with a snapshot in `tests/expansions`.

mod attr;
#[cfg(feature = "client")]
mod client;
mod diag;
mod emit;
mod item;
mod model;
#[cfg(test)]
mod snapshots;
mod syntax;

use proc_macro::TokenStream;

use crate::attr::{HookKind, Role};

/// Declares a plugin, or a contract that many plugins fulfil.
///
/// ```
/// #[goplug::plugin(namespace = "math")]
/// pub struct Calculator;
///
/// /// Adds two integers.
/// #[goplug::method(Calculator)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
/// # fn main() {}
/// ```
///
/// | on | what it does |
/// |---|---|
/// | a struct | makes the struct a plugin; functions anywhere in the crate are its methods |
/// | an `impl` block | makes the type a plugin; the marked functions in the block are its methods |
/// | `impl Contract for Type` | makes the type a plugin that fulfils the contract |
/// | either `impl`, with the type's path as argument | adds to a plugin that is declared elsewhere |
/// | a trait | makes the trait a contract; the marked functions are its methods |
///
/// # Options
/// For a struct, an `impl` and an `impl Contract for Type`:
///
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the plugin's name, `[A-Za-z0-9_-]{1,64}` | the type's name |
/// | `namespace = "…"` | its namespace: the same characters and `.` | empty |
/// | `version = "…"` | its semantic version | the version of its crate |
/// | `url = "…"` | its URL, without a path | made of namespace and name |
/// | `lazy_load` | a registry loads it only on request | |
/// | `needs(…)`, `wants(…)` | services of its host that it needs, or can do without: contracts and plugins whose clients are in scope | none |
/// | `permissions(…)` | what else it asks of its host: `read = ["/path"]`, `write = ["/path"]`, `connect = [443]`, `udp`, `unix_sockets`, `memory = "256 MiB"` | nothing |
/// | `crate = path` | the path of the goplug crate; allowed everywhere | `::goplug` |
///
/// A contract takes `crate`, and `descriptor = CONSTANT` if it was made from a plugin's descriptor: its
/// clients then need what that JSON text says of its types.
///
/// # The generated clients
/// A plugin `Calculator` gets a `CalculatorClient`, and a `CalculatorBlockingClient` for hosts
/// that are not async. A contract `Greeter` gets a `GreeterClient` and a
/// `GreeterBlockingClient`. The client of a struct or trait is as visible as the struct or
/// trait; the client of an `impl` is `pub`. The plugin's type also implements
/// [`PluginType`](../goplug/trait.PluginType.html).
///
/// The client of `impl Greeter for Polite`, `PoliteClient`, dereferences to `GreeterClient`, so it
/// has the contract's methods and callbacks. A contract that is added to a plugin by
/// `#[goplug::plugin(Polite)]` has only its own client: `PartingClient::new(polite.plugin().clone())`.
/// The `impl` that declares a plugin names the contract as its declaration does, by any path: after
/// `use contract::Greeter as G`, it says `impl contract::Greeter for Polite`.
///
/// # The plugin's value
/// One value serves all calls, several at a time. So methods take `&self`, and state is behind
/// a lock or an atomic. A unit struct is its own value; every other type starts as
/// `Default::default()`, or its activation builds it: see [`activate`](macro@activate).
///
/// # Declared once
/// Exactly one annotation declares a plugin. A second `impl`, or a second contract that the
/// plugin fulfils, names the type: `#[goplug::plugin(Calculator)]`. If two annotations declare
/// the same plugin, the compiler says that `CalculatorClient` is defined twice.
///
/// # Contracts
/// In a contract, an `async fn` becomes a function whose future is `Send`; implementors write
/// `async fn` as before. A contract has methods and callbacks, and no hooks.
///
/// A method with a body is optional. A plugin that does not write it serves the contract's body. A
/// plugin that was built before the contract had the method lacks it, and the clients bind all the
/// same: their `offers_wave()` says whether the plugin has `wave`, and a call of a method that it
/// lacks fails with `Error::NotOffered` before anything is sent. The running process says what is
/// offered, so the answer may change with an upgrade; while no process runs, it is the `.pconf`, and
/// nothing is offered if that lists no methods. A contract's users can always be given more methods
/// with a body.
///
/// # Example
/// A plugin with state, made of an `impl`:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// pub struct Counter {
///     value: AtomicU64,
/// }
///
/// #[goplug::plugin(namespace = "demo", lazy_load)]
/// impl Counter {
///     /// Increments the counter, and tells every host that listens.
///     #[goplug::method]
///     pub async fn increment(&self, by: u64) -> goplug::Result<u64> {
///         let now = self.value.fetch_add(by, Ordering::Relaxed) + by;
///         self.changed(now).await?;
///         Ok(now)
///     }
///
///     #[goplug::callback]
///     pub async fn changed(&self, value: u64) -> goplug::Result<()>;
/// }
/// # fn main() {}
/// ```
///
/// A contract, and a plugin that fulfils it:
///
/// ```
/// #[goplug::plugin]
/// pub trait Greeter {
///     #[goplug::method]
///     async fn greet(&self, name: &str) -> String;
/// }
///
/// #[derive(Default)]
/// pub struct Polite;
///
/// #[goplug::plugin(name = "Polite", namespace = "greeters")]
/// impl Greeter for Polite {
///     async fn greet(&self, name: &str) -> String {
///         format!("Good day, {name}.")
///     }
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn plugin(args: TokenStream, item: TokenStream) -> TokenStream {
    item::plugin(args.into(), item.into()).into()
}

/// Makes a function a method of a plugin: hosts call it through the plugin's client.
///
/// ```
/// # #[goplug::plugin]
/// # pub struct Calculator;
/// /// Adds two integers.
/// #[goplug::method(Calculator, idempotent)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
/// # fn main() {}
/// ```
///
/// On a free function the first argument is the path of the plugin's type. The clients have to be
/// beside that type: for `super::Calculator` they are `super::CalculatorClient` and
/// `super::CalculatorBlockingClient`. Within an `impl` or trait that has `#[goplug::plugin]`
/// there is no path.
///
/// # Options
/// | option | meaning | default |
/// |---|---|---|
/// | `name = "…"` | the wire name | the function's name |
/// | `returns = "…"` | the spelling of the result in the descriptor | as it is written |
/// | `blocking` | it runs on a thread where it may block; not for an `async fn` | |
/// | `idempotent` | it may safely run twice, so a call that a crash cut off is made again | |
/// | `crate = path` | the path of the goplug crate; within an `impl`, the block has this option | `::goplug` |
///
/// # Parameters
/// At most twelve. They travel as JSON, by name, so their types implement serde's `Serialize`
/// and `Deserialize`. `&str`, `&[T]` and `&T` are decoded as `String`, `Vec<T>` and `T`. An
/// `Option` may be missing. A free function may take the plugin's value as its first parameter,
/// `&Calculator`.
///
/// `#[goplug(name = "dryRun")]` before a parameter is its name on the wire, and
/// `#[goplug(spelling = "bool")]` the spelling of its type in the descriptor. With both, a contract
/// can be written for a plugin in another language.
///
/// If the only parameter is spelled `Bytes`, `Vec<u8>` or `&[u8]`, it is the body of the call
/// as it is, without JSON.
///
/// # Results
/// A type whose name ends in `Result` is a `Result`: the client returns
/// `Result<T, CallError<E>>` (see [`CallError`](../goplug/enum.CallError.html)). For every other
/// type the client returns [`goplug::Result<T>`](../goplug/type.Result.html). A result spelled
/// `Bytes` or `Vec<u8>` is the body of the response as it is, without JSON. `impl Stream<Item = T>`,
/// alone or in a `Result`, is a [`ResultStream<T>`](../goplug/struct.ResultStream.html).
///
/// # Cancellation
/// The plugin drops the future of an `async fn` at an `.await` when the deadline of the call
/// has passed, when the caller drops its future, and when the connection breaks. A method that
/// is not `async` runs to its end, and so does one with `blocking`; then nobody gets the result.
///
/// # Errors
/// The method's own error reaches the caller as its own type if serde can write and read it. People
/// see its `Display`, or else its `Debug`.
/// `anyhow::Error` and [`goplug::Error`](../goplug/enum.Error.html) arrive as a
/// [`RemoteError`](../goplug/struct.RemoteError.html): their text, and the texts of their causes.
/// A panic fails the one call, with `Error::Panicked`, and the plugin lives on.
///
/// # Example
/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::method(Calculator)]
/// pub async fn divide(a: f64, b: f64) -> Result<f64, String> {
///     if b == 0.0 { Err("division by zero".into()) } else { Ok(a / b) }
/// }
///
/// async fn calls<C: goplug::Caller>(calculator: CalculatorClient<C>) -> goplug::Result<()> {
///     match calculator.divide(1.0, 0.0).await {
///         Ok(quotient) => println!("{quotient}"),
///         Err(goplug::CallError::Method(text)) => println!("{text}"),
///         Err(goplug::CallError::Goplug(error)) => return Err(error),
///     }
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn method(args: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Role::Method, args.into(), item.into()).into()
}

/// Declares a callback: a function that a plugin calls and its host handles.
///
/// ```
/// # #[goplug::plugin]
/// # pub struct Calculator;
/// /// How far a long sum has come.
/// #[goplug::callback(Calculator)]
/// pub async fn progress(percent: u8) -> goplug::Result<()>;
/// # fn main() {}
/// ```
///
/// It is an `async fn` without a body: the macro writes the body. The argument is the path of
/// the plugin's type; within an `impl` or trait that has `#[goplug::plugin]` there is no path.
///
/// For a callback `progress` the client has `on_progress`, which takes a handler and returns a
/// [`Subscription`](../goplug/struct.Subscription.html). If the callback has no result, the
/// client also has `progress_stream`, which returns a
/// [`CallbackStream`](../goplug/struct.CallbackStream.html). The blocking client's `on_progress`
/// takes a plain closure.
///
/// # Options
/// `name = "…"`, `returns = "…"` and `crate = path`, as for [`method`](macro@method).
///
/// # Parameters
/// As for a [`method`](macro@method). The host's handler gets owned values: a `String` for a
/// `&str`.
///
/// # Results
/// `goplug::Result<()>`: the callback goes to every host that listens, and nobody answers it.
/// `goplug::Result<T>`: it goes to the host that registered it first, and the plugin waits for
/// the answer.
///
/// # Cancellation
/// A callback without a result is queued for every host that listens, or for none: dropping the
/// future is safe. It waits only while a host is behind. A plugin that drops the future of a
/// callback with a result no longer gets the answer; the handler may run all the same.
///
/// # Errors
/// [`Error::NotRegistered`](../goplug/enum.Error.html) if no host listens,
/// `Error::NoPlugin` if it is called outside of every plugin, and `Error::Deadline` if a host
/// does not keep up or does not answer in time.
///
/// # Example
/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// /// How far a long sum has come.
/// #[goplug::callback(Calculator)]
/// pub async fn progress(percent: u8) -> goplug::Result<()>;
///
/// #[goplug::method(Calculator)]
/// pub async fn sum(numbers: Vec<i64>) -> goplug::Result<i64> {
///     progress(100).await?;
///     Ok(numbers.iter().sum())
/// }
///
/// async fn listens<C: goplug::Caller>(calculator: CalculatorClient<C>) -> goplug::Result<()> {
///     let subscription =
///         calculator.on_progress(|percent| async move { println!("{percent} %") }).await?;
///     let _ = calculator.sum(vec![1, 2]).await;
///     subscription.unregister();
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn callback(args: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Role::Callback, args.into(), item.into()).into()
}

/// Makes a function the plugin's activation hook: it runs when a host loads the plugin.
///
/// A plugin has at most one. The argument is the path of the plugin's type; within an `impl`
/// that has `#[goplug::plugin]` there is no path.
///
/// # Options
/// `crate = path`, on a free function: the path of the goplug crate.
///
/// # Parameters
/// A free function may take the plugin's value first, `&Calculator`; in an `impl` that is
/// `&self`. One more parameter is the configuration that the host gives the plugin, of any type
/// that serde reads. An `Option` is `None` if the host gives none.
///
/// # Results
/// Nothing, or a `Result<(), E>`, where `E` is any error, `anyhow::Error`, a boxed error, a `String`,
/// a `&str`, or another type with `Display`. The host gets its text and those of its causes.
///
/// A hook that does not take the plugin's value may build it: it returns `Self`, `Calculator`, or a
/// `Result` of it, spelled out. Then the type needs no `Default`. Each activation builds a new value,
/// which is dropped after the stop hook and the last call that uses it.
///
/// # Cancellation
/// The time for a start includes the hook. If that is over, the host ends the plugin's process.
///
/// # Errors
/// If the hook fails, panics, or cannot read the configuration, loading the plugin fails with
/// [`Error::Start`](../goplug/enum.Error.html), which holds the reason.
///
/// # Example
/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::activate(Calculator)]
/// async fn start(digits: Option<u8>) -> Result<(), std::num::TryFromIntError> {
///     println!("started with {digits:?}");
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn activate(args: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Role::Hook(HookKind::Activate), args.into(), item.into()).into()
}

/// Makes a function the plugin's stop hook: it runs when a host unloads the plugin. If no host has
/// started the plugin, it runs when the last host has left it; the next host activates it again.
///
/// A plugin has at most one, and it runs only if the plugin was activated. The argument is the
/// path of the plugin's type; within an `impl` that has `#[goplug::plugin]` there is no path.
///
/// # Options
/// `crate = path`, on a free function: the path of the goplug crate.
///
/// # Parameters
/// None but the plugin's value, `&Calculator`; in an `impl` that is `&self`.
///
/// # Results
/// Nothing, or a `Result<(), E>`, as for [`activate`](macro@activate).
///
/// # Cancellation
/// Calls in flight go on while the hook runs, and no new ones begin. Hook and calls have the
/// time for a stop; then they are dropped and the process ends.
///
/// # Errors
/// An error or a panic is written to standard error, and the plugin stops all the same.
///
/// # Example
/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// #[goplug::stop(Calculator)]
/// fn stop(_calculator: &Calculator) {
///     println!("stopped");
/// }
/// # fn main() {}
/// ```
#[proc_macro_attribute]
pub fn stop(args: TokenStream, item: TokenStream) -> TokenStream {
    item::function(Role::Hook(HookKind::Stop), args.into(), item.into()).into()
}

#[doc = include_str!("client.md")]
#[cfg(feature = "client")]
#[proc_macro]
pub fn client(input: TokenStream) -> TokenStream {
    client::expand(input.into()).into()
}
