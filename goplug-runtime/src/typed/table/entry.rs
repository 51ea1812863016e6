//! The entries that annotations leave behind.
//!
//! Each annotation submits one [`Entry`] to `inventory`, in its own module: data and a function
//! pointer.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::need::Need;
use super::streaming::Streaming;
use crate::typed::call::{Call, Configuration, PluginValue, ReplyFuture};
use crate::typed::declare::{CallbackSpec, ContractSpec, MethodSpec, ParamSpec, PluginType};

/// Runs one method: decodes, calls, encodes. Generated.
pub type Dispatch = fn(PluginValue, Call) -> ReplyFuture;

/// The future of a hook.
pub type HookFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Runs the activation hook. Generated.
pub type Activator = fn(PluginValue, Configuration) -> HookFuture;

/// The future of an activation hook that builds the plugin's value.
pub type BuildFuture = Pin<Box<dyn Future<Output = anyhow::Result<PluginValue>> + Send>>;

/// Runs an activation hook that builds the plugin's value. Generated.
pub type Builder = fn(Configuration) -> BuildFuture;

/// A plugin's activation hook.
#[derive(Clone, Copy, Debug)]
pub enum Activation {
    /// It runs with the value that the plugin has from the start.
    Run(Activator),
    /// It builds the value.
    Build(Builder),
}

/// Runs the stop hook. Generated.
pub type Stopper = fn(PluginValue) -> HookFuture;

/// The declaration of one annotation.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// A method and the function that runs it.
    Method(&'static MethodSpec, Dispatch),
    /// A method with a streamed result or argument, or that reports, and what serves it.
    Streaming(&'static MethodSpec, Dispatch, Streaming),
    /// A callback.
    Callback(&'static CallbackSpec),
    /// The activation hook and its parameters: the configuration, if it reads one.
    Activate(&'static [ParamSpec], Activation),
    /// The stop hook.
    Stop(Stopper),
    /// A service of the host, and whether the plugin can do without it.
    Need(fn() -> Need, bool),
    /// Everything that a contract's trait declares, for this plugin.
    Contract(fn() -> Contract),
}

/// One annotation, filed under its plugin's type.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    plugin: fn() -> TypeId,
    item: Item,
}

inventory::collect!(Entry);

impl Entry {
    /// An entry of the plugin `P`.
    pub const fn new<P: PluginType>(item: Item) -> Self {
        Self { plugin: TypeId::of::<P>, item }
    }
}

/// A contract's trait as one plugin fulfils it.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Names and signatures.
    pub spec: &'static ContractSpec,
    /// The functions that run the methods of `spec.methods`, in the same order.
    pub dispatch: Vec<Dispatch>,
    /// What serves the methods with streams, if there are any.
    pub streaming: Option<Streaming>,
}

/// The value that an activation hook has built, for the server.
///
/// # Errors
/// The hook has built none.
pub fn built<P: PluginType>(value: Option<P>) -> anyhow::Result<PluginValue> {
    let value = value.ok_or_else(|| anyhow::anyhow!("the activation has built no value"))?;
    Ok(Arc::new(value))
}

/// Everything that is declared for the plugin `P`, in no particular order.
pub fn entries<P: PluginType>() -> impl Iterator<Item = Item> {
    let plugin = TypeId::of::<P>();
    inventory::iter::<Entry>
        .into_iter()
        .filter(move |entry| (entry.plugin)() == plugin)
        .map(|entry| entry.item)
}
