//! The entries that annotations leave behind, and the table that is made of them.
//!
//! Each annotation submits one [`Entry`] to `inventory`, from whatever module it
//! stands in. At start, [`table`] gathers those of one plugin type, sorts them and
//! refuses duplicates; descriptor, `.pconf` and dispatch are made from it alone.

use std::any::TypeId;
use std::future::Future;
use std::pin::Pin;

use super::call::{Call, Configuration, Instance, ReplyFuture};
use crate::error::{Error, Result};
use crate::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Parameter, TypeDescriptor, descriptor, name,
    wire,
};

/// A type that is a plugin: what `#[goplug::plugin]` implements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    label = "not a plugin",
    note = "put `#[goplug::plugin]` on the struct, or on its `impl` block"
)]
pub trait PluginType: Sized + Send + Sync + 'static {
    /// The plugin's name.
    const NAME: &'static str;
    /// Its namespace; may be empty.
    const NAMESPACE: &'static str;
    /// Its semantic version.
    const VERSION: &'static str;
    /// Its URL, where it is not the default.
    const URL: Option<&'static str>;
    /// Whether it is loaded only when it is asked for.
    const LAZY_LOAD: bool;
    /// Makes the value that the plugin's methods share.
    fn create() -> Self;
}

/// A parameter of a method or callback.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// The key in the argument object.
    pub name: &'static str,
    /// The owned type, as it is written: `String` for a parameter of type `&str`.
    pub ty: &'static str,
}

/// What is known of a method before it is called.
#[derive(Clone, Copy, Debug)]
pub struct MethodSpec {
    /// The wire name.
    pub name: &'static str,
    /// The documentation, with `\n` between lines.
    pub doc: &'static str,
    /// The parameters, in order.
    pub params: &'static [ParamSpec],
    /// The result type, as it is written; `()` where there is none.
    pub returns: &'static str,
    /// Whether it may safely run twice.
    pub idempotent: bool,
}

/// What is known of a callback before it is called.
#[derive(Clone, Copy, Debug)]
pub struct CallbackSpec {
    /// The wire name.
    pub name: &'static str,
    /// The documentation, with `\n` between lines.
    pub doc: &'static str,
    /// The parameters, in order.
    pub params: &'static [ParamSpec],
    /// What the host's handler answers, as it is written; `()` where nothing.
    pub returns: &'static str,
}

impl MethodSpec {
    /// The method's part of the descriptor.
    pub fn descriptor(&self) -> MethodDescriptor {
        MethodDescriptor {
            name: self.name.into(),
            doc: self.doc.into(),
            params: parameters(self.params),
            returns: type_descriptor(self.returns),
            stream: false,
            idempotent: self.idempotent,
            fingerprint: descriptor::fingerprint(&self.signature()),
        }
    }

    /// The canonical signature.
    pub fn signature(&self) -> String {
        signature(self.name, self.params, self.returns)
    }
}

impl CallbackSpec {
    /// The callback's part of the descriptor.
    pub fn descriptor(&self) -> CallbackDescriptor {
        CallbackDescriptor {
            name: self.name.into(),
            doc: self.doc.into(),
            params: parameters(self.params),
            returns: type_descriptor(self.returns),
            fingerprint: descriptor::fingerprint(&self.signature()),
        }
    }

    /// The canonical signature.
    pub fn signature(&self) -> String {
        signature(self.name, self.params, self.returns)
    }
}

fn parameters(params: &[ParamSpec]) -> Vec<Parameter> {
    params.iter().map(|p| Parameter { name: p.name.into(), ty: type_descriptor(p.ty) }).collect()
}

fn type_descriptor(spelling: &str) -> TypeDescriptor {
    TypeDescriptor { spelling: spelling.into(), schema: None }
}

fn signature(name: &str, params: &[ParamSpec], returns: &str) -> String {
    descriptor::render_signature(name, params.iter().map(|p| (p.name, p.ty)), returns)
}

/// Runs one method: decodes, calls, encodes. Generated.
pub type Dispatch = fn(Instance, Call) -> ReplyFuture;

/// A hook at work.
pub type HookFuture = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// Runs the activation hook. Generated.
pub type Activator = fn(Instance, Configuration) -> HookFuture;

/// Runs the stop hook. Generated.
pub type Stopper = fn(Instance) -> HookFuture;

/// What one annotation declares.
#[derive(Clone, Copy, Debug)]
pub enum Item {
    /// A method and the function that runs it.
    Method(&'static MethodSpec, Dispatch),
    /// A callback.
    Callback(&'static CallbackSpec),
    /// The activation hook.
    Activate(Activator),
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

/// The names and signatures of a contract's trait.
#[derive(Clone, Copy, Debug)]
pub struct ContractSpec {
    /// Its methods.
    pub methods: &'static [MethodSpec],
    /// Its callbacks.
    pub callbacks: &'static [CallbackSpec],
}

/// A contract's trait as one plugin fulfils it.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Names and signatures.
    pub spec: &'static ContractSpec,
    /// What runs each method of `spec.methods`, in the same order.
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

/// The entries of one plugin: checked, sorted by name, contracts unfolded.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Methods, sorted by wire name.
    pub methods: Vec<(&'static MethodSpec, Dispatch)>,
    /// Callbacks, sorted by wire name.
    pub callbacks: Vec<&'static CallbackSpec>,
    /// The activation hook.
    pub activate: Option<Activator>,
    /// The stop hook.
    pub stop: Option<Stopper>,
}

impl Table {
    /// The descriptor of the plugin `P` with these entries.
    pub fn descriptor<P: PluginType>(&self) -> Descriptor {
        Descriptor {
            name: P::NAME.into(),
            namespace: P::NAMESPACE.into(),
            version: Some(P::VERSION.into()),
            protocol: wire::PROTOCOL,
            features: Vec::new(),
            methods: self.methods.iter().map(|(spec, _)| spec.descriptor()).collect(),
            callbacks: self.callbacks.iter().map(|spec| spec.descriptor()).collect(),
        }
    }

    fn add(&mut self, item: Item) -> Result<(), &'static str> {
        match item {
            Item::Method(spec, dispatch) => self.add_method(spec, dispatch),
            Item::Callback(spec) => self.add_callback(spec),
            Item::Activate(hook) if self.activate.replace(hook).is_some() => {
                return Err("has two activation hooks");
            }
            Item::Stop(hook) if self.stop.replace(hook).is_some() => {
                return Err("has two stop hooks");
            }
            Item::Activate(_) | Item::Stop(_) => {}
            Item::Contract(contract) => {
                let Contract { spec, dispatch } = contract();
                for (spec, dispatch) in spec.methods.iter().zip(dispatch) {
                    self.add_method(spec, dispatch);
                }
                spec.callbacks.iter().for_each(|spec| self.add_callback(spec));
            }
        }
        Ok(())
    }

    fn add_method(&mut self, spec: &'static MethodSpec, dispatch: Dispatch) {
        insert_sorted(&mut self.methods, (spec, dispatch), |(spec, _)| spec.name);
    }

    fn add_callback(&mut self, spec: &'static CallbackSpec) {
        insert_sorted(&mut self.callbacks, spec, |spec| spec.name);
    }

    fn first_duplicate(&self) -> Option<&'static str> {
        let methods = self.methods.windows(2).find(|w| w[0].0.name == w[1].0.name);
        let callbacks = self.callbacks.windows(2).find(|w| w[0].name == w[1].name);
        methods.map(|w| w[0].0.name).or(callbacks.map(|w| w[0].name))
    }
}

/// Puts a member of a plugin behind those whose names are not greater. There are few, and
/// the code of a general sort would be larger than that of all of them.
pub(crate) fn insert_sorted<T>(members: &mut Vec<T>, member: T, name: impl Fn(&T) -> &str) {
    let place = members.partition_point(|other| name(other) <= name(&member));
    members.insert(place, member);
}

/// Gathers the entries of the plugin `P`.
///
/// # Errors
/// [`Error::Configuration`] where there is none, where two have one name, or where
/// a name is not allowed.
pub fn table<P: PluginType>() -> Result<Table> {
    let fault = |what: String| Error::Configuration(format!("plugin {}: {what}", P::NAME));
    let mut table = Table::default();
    let mut none = true;
    for item in entries::<P>() {
        none = false;
        table.add(item).map_err(|what| fault(what.into()))?;
    }
    if none {
        return Err(fault(
            "no #[goplug::method] of it is linked into this program; name the crate that declares \
             them, for example with `use that_crate as _;`, and see that one exists"
                .into(),
        ));
    }
    for (spec, _) in &table.methods {
        name::check_method(spec.name)?;
    }
    for spec in &table.callbacks {
        name::check_callback(spec.name)?;
    }
    match table.first_duplicate() {
        Some(name) => Err(fault(format!("two of its members have the wire name {name:?}"))),
        None => Ok(table),
    }
}
