//! The table of one plugin: its entries, sorted and checked.
//!
//! At start, [`table`] gathers the entries of one plugin type, sorts them and refuses
//! duplicates. Descriptor, `.pconf` and dispatch are made from the table alone.

use super::entry::{Activation, Contract, Dispatch, Item, Stopper, entries};
use super::need::Need;
use super::streaming::Streaming;
use crate::error::{Error, Result};
use crate::protocol::{Descriptor, name};
use crate::typed::declare::{CallbackSpec, MethodSpec, ParamSpec, PluginType};

/// The entries of one plugin: checked, sorted by name, contracts unfolded.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Methods, sorted by wire name.
    pub methods: Vec<(&'static MethodSpec, Dispatch)>,
    /// What serves the methods with streams, if there are any.
    pub streaming: Option<Streaming>,
    /// Callbacks, sorted by wire name.
    pub callbacks: Vec<&'static CallbackSpec>,
    /// The services of the host that the plugin needs, sorted by name.
    pub needs: Vec<Need>,
    /// Those that it can do without.
    pub wants: Vec<Need>,
    /// The activation hook.
    pub activate: Option<Activation>,
    /// What the activation hook reads.
    pub configuration: Option<&'static ParamSpec>,
    /// The stop hook.
    pub stop: Option<Stopper>,
}

impl Table {
    /// The descriptor of the plugin `P` with these entries.
    pub fn descriptor<P: PluginType>(&self) -> Descriptor {
        Descriptor {
            version: Some(P::VERSION.into()),
            methods: self.methods.iter().map(|(spec, _)| spec.descriptor()).collect(),
            callbacks: self.callbacks.iter().map(|spec| spec.descriptor()).collect(),
            needs: self.needs.iter().map(Need::descriptor).collect(),
            wants: self.wants.iter().map(Need::descriptor).collect(),
            permissions: P::PERMISSIONS.descriptor(),
            ..Descriptor::new(P::NAME, P::NAMESPACE)
        }
    }

    fn add(&mut self, item: Item) -> Result<(), &'static str> {
        match item {
            Item::Method(spec, dispatch) => self.add_method(spec, dispatch),
            Item::Streaming(spec, dispatch, streaming) => {
                self.add_method(spec, dispatch);
                self.streaming = Some(streaming);
            }
            Item::Callback(spec) => self.add_callback(spec),
            Item::Activate(params, hook) => {
                self.configuration = params.first();
                if self.activate.replace(hook).is_some() {
                    return Err("has two activation hooks");
                }
            }
            Item::Stop(hook) if self.stop.replace(hook).is_some() => {
                return Err("has two stop hooks");
            }
            Item::Stop(_) => {}
            Item::Need(need, is_optional) => {
                let needs = if is_optional { &mut self.wants } else { &mut self.needs };
                insert_sorted(needs, need(), |need| &need.service);
            }
            Item::Contract(contract) => {
                let Contract { spec, dispatch, streaming } = contract();
                self.streaming = self.streaming.or(streaming);
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

/// Inserts a member of a plugin behind all members with a smaller or equal name.
///
/// A plugin has few members, and the code of a general sort would be larger than the rest of this
/// file.
pub fn insert_sorted<T>(members: &mut Vec<T>, member: T, name: impl Fn(&T) -> &str) {
    let place = members.partition_point(|other| name(other) <= name(&member));
    members.insert(place, member);
}

/// Gathers the entries of the plugin `P`.
///
/// # Errors
/// [`Error::Configuration`] if there are no entries, if two have the same name, or if a name is
/// not allowed.
pub fn table<P: PluginType>() -> Result<Table> {
    let fault = |what: String| Error::Configuration(format!("plugin {}: {what}", P::NAME));
    let mut table = Table::default();
    let mut is_empty = true;
    for item in entries::<P>() {
        is_empty &= matches!(item, Item::Need(..));
        table.add(item).map_err(|what| fault(what.into()))?;
    }
    if is_empty {
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
    for need in table.needs.iter().chain(&table.wants) {
        name::check_service(&need.service)?;
    }
    match table.first_duplicate() {
        Some(name) => Err(fault(format!("two of its members have the wire name {name:?}"))),
        None => Ok(table),
    }
}
