#![doc = include_str!("../README.md")]

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
///     /// Counts on, and tells every host that listens.
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
#[doc(inline)]
pub use goplug_macros::plugin;

/// ```
/// #[goplug::plugin]
/// pub struct Calculator;
///
/// /// Adds two integers.
/// #[goplug::method(Calculator, idempotent)]
/// pub fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// #[goplug::method(Calculator)]
/// pub async fn divide(a: f64, b: f64) -> Result<f64, String> {
///     if b == 0.0 { Err("division by zero".into()) } else { Ok(a / b) }
/// }
///
/// async fn calls<C: goplug::Caller>(calculator: CalculatorClient<C>) -> goplug::Result<i64> {
///     match calculator.divide(1.0, 0.0).await {
///         Ok(quotient) => println!("{quotient}"),
///         Err(goplug::CallError::Method(text)) => println!("{text}"),
///         Err(goplug::CallError::Goplug(error)) => return Err(error),
///     }
///     calculator.add(2, 3).await
/// }
/// # fn main() {}
/// ```
#[doc(inline)]
pub use goplug_macros::method;

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
#[doc(inline)]
pub use goplug_macros::callback;

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
#[doc(inline)]
pub use goplug_macros::activate;

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
#[doc(inline)]
pub use goplug_macros::stop;

#[doc(inline)]
pub use goplug_runtime::bytes::Bytes;
#[doc(inline)]
pub use goplug_runtime::protocol::PluginId;
#[doc(inline)]
pub use goplug_runtime::typed::{
    BlockingCaller, CallRequest, CallbackHandler, CallbackStream, Caller, Client, NamedClient,
    PluginType, Subscription,
};
#[doc(inline)]
pub use goplug_runtime::{CallError, Error, MethodFailure, RemoteError, Result, limits};

#[cfg(feature = "host")]
#[doc(inline)]
pub use goplug_runtime::host::{
    DiscoveredPlugin, Event, Events, HealthCheck, OnUnsupported, Plugin, Policy, Registry,
    RegistryBuilder, Resources, Restart, Sandbox, State,
};

/// For hosts that are not async: the same plugins, called by threads that block.
///
/// Made by [`RegistryBuilder::start_blocking`], or of a [`Plugin`] of any registry.
#[cfg(feature = "host")]
pub mod blocking {
    #[doc(inline)]
    pub use goplug_runtime::host::blocking::{Plugin, Registry};
}

#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::plugin::{PluginServer, RegisteredCallback, RegisteredHost, ServerBuilder};
#[cfg(feature = "plugin")]
#[doc(inline)]
pub use goplug_runtime::typed::Configuration;

#[cfg(feature = "plugin")]
mod program;

#[doc(hidden)]
pub mod __private;
