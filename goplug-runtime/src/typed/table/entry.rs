//! The entries that annotations leave behind.
//!
//! Each annotation submits one [`Entry`] to `inventory`, in its own module: data and a function
//! pointer.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;

use crate::typed::call::{Call, Configuration, PluginValue, ReplyFuture};
use crate::typed::declare::{CallbackSpec, ContractSpec, MethodSpec, ParamSpec, PluginType};

/// Runs one method: decodes, calls, encodes. Generated.
pub type Dispatch = fn(PluginValue, Call) -> ReplyFuture;

/// The future of a hook.
pub type HookFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Runs the activation hook. Generated.
pub type Activator = fn(PluginValue, Configuration) -> HookFuture;

/// Runs the stop hook. Generated.
pub type Stopper = fn(PluginValue) -> HookFuture;

/// The declaration of one annotation.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// A method and the function that runs it.
    Method(&'static MethodSpec, Dispatch),
    /// A callback.
    Callback(&'static CallbackSpec),
    /// The activation hook and its parameters: the configuration, if it reads one.
    Activate(&'static [ParamSpec], Activator),
    /// The stop hook.
    Stop(Stopper),
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
}

/// Everything that is declared for the plugin `P`, in no particular order.
pub fn entries<P: PluginType>() -> impl Iterator<Item = Item> {
    let plugin = TypeId::of::<P>();
    inventory::iter::<Entry>
        .into_iter()
        .filter(move |entry| (entry.plugin)() == plugin)
        .map(|entry| entry.item)
}
