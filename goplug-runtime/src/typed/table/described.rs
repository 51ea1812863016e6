//! What a descriptor says beside names and signatures: the types of errors and of the configuration,
//! and the schemas of all types that have one.
//!
//! It is made when somebody asks for it, which a start does not.

use super::expectation::Expectation;
use super::gather::Table;
use super::need::Need;
use crate::protocol::{Descriptor, MethodDescriptor, ServiceDescriptor, TypeDescriptor};
use crate::typed::declare::{CallbackSpec, ErrorSpec, MethodSpec, ParamSpec, PluginType};

/// Whose descriptor it is: a client writes what its plugin reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Plugin,
    Client,
}

/// The declarations of a descriptor's members, in any order.
#[cfg_attr(not(feature = "schema"), allow(dead_code, reason = "for schemas alone"))]
struct Declared<'t> {
    side: Side,
    methods: Vec<&'static MethodSpec>,
    callbacks: &'t [&'static CallbackSpec],
    needs: [&'t [Need]; 2],
    configuration: Option<&'static ParamSpec>,
}

impl Table {
    /// The descriptor of the plugin `P` with these entries, with the schemas of what the plugin
    /// reads and writes.
    ///
    /// It has none if one of the user's own schemas panics.
    pub fn described<P: PluginType>(&self) -> Descriptor {
        let mut descriptor = self.descriptor::<P>();
        self.describe(&mut descriptor);
        descriptor
    }

    /// Adds the types to the members that this table has too; as [`Table::described`].
    pub fn describe(&self, descriptor: &mut Descriptor) {
        let declared = Declared {
            side: Side::Plugin,
            methods: self.methods.iter().map(|(spec, _)| *spec).collect(),
            callbacks: &self.callbacks,
            needs: [&self.needs, &self.wants],
            configuration: self.configuration,
        };
        declared.describe(descriptor);
    }
}

impl Expectation {
    /// What the client needs, as a descriptor of the client's name: with the schemas of what the
    /// client writes, where its plugin reads, and of what the client reads, where its plugin
    /// writes.
    ///
    /// It has none without the feature `schema`, or if one of the user's own schemas panics. A
    /// contract that was made from a descriptor has that one's.
    pub fn described(&self) -> Descriptor {
        self.described_as(Side::Client)
    }

    /// What a plugin offers that has exactly what the client needs, as a descriptor of the client's
    /// name; else as [`Expectation::described`].
    pub fn described_as_plugin(&self) -> Descriptor {
        self.described_as(Side::Plugin)
    }

    fn described_as(&self, side: Side) -> Descriptor {
        if let Some(descriptor) =
            self.stated.and_then(|text| serde_json::from_slice(text.as_bytes()).ok())
        {
            return Descriptor {
                name: self.client().into(),
                namespace: String::new(),
                ..descriptor
            };
        }
        let mut descriptor = Descriptor {
            methods: self.methods.iter().map(|spec| needed(spec)).collect(),
            callbacks: self.callbacks.iter().map(|spec| spec.descriptor()).collect(),
            ..Descriptor::new(self.client(), "")
        };
        let declared = Declared {
            side,
            methods: self.methods.clone(),
            callbacks: &self.callbacks,
            needs: [&[], &[]],
            configuration: None,
        };
        declared.describe(&mut descriptor);
        descriptor
    }
}

/// A method as a client needs it: perhaps the plugin may lack it.
fn needed(spec: &MethodSpec) -> MethodDescriptor {
    MethodDescriptor { optional: spec.optional, ..spec.descriptor() }
}

impl Declared<'_> {
    fn describe(&self, descriptor: &mut Descriptor) {
        for (place, method) in descriptor.methods.iter_mut().enumerate() {
            method.error = self.method(place, &method.name).and_then(|spec| error(&spec.error));
        }
        let Descriptor { needs, wants, .. } = &mut *descriptor;
        for (service, need) in self.services(needs, wants) {
            for (method, spec) in service.methods.iter_mut().zip(&need.methods) {
                method.error = error(&spec.error);
            }
        }
        descriptor.configuration = self
            .configuration
            .map(|spec| TypeDescriptor { spelling: spec.ty.into(), schema: None });
        #[cfg(feature = "schema")]
        self.add_schemas(descriptor);
    }

    /// The services of the host, each with its declaration.
    fn services<'d>(
        &self,
        needs: &'d mut [ServiceDescriptor],
        wants: &'d mut [ServiceDescriptor],
    ) -> impl Iterator<Item = (&'d mut ServiceDescriptor, &Need)> {
        let [needed, wanted] = self.needs;
        needs.iter_mut().zip(needed).chain(wants.iter_mut().zip(wanted))
    }

    /// The declaration of the method of this name, which is likely to be at this place.
    fn method(&self, place: usize, name: &str) -> Option<&'static MethodSpec> {
        let is_it = |spec: &&MethodSpec| spec.name == name;
        let there = self.methods.get(place).copied().filter(is_it);
        there.or_else(|| self.methods.iter().copied().find(is_it))
    }
}

/// The type of a method's own error; `None` if nothing is known of it.
fn error(spec: &ErrorSpec) -> Option<TypeDescriptor> {
    let is_known = !spec.ty.is_empty() || !spec.schema.is_opaque();
    is_known.then(|| TypeDescriptor { spelling: spec.ty.into(), schema: None })
}

#[cfg(feature = "schema")]
mod schemas {
    use std::sync::Arc;

    use super::{Declared, Side};
    use crate::protocol::{Descriptor, MethodDescriptor, Parameter};
    use crate::typed::declare::{MethodSpec, ParamSpec};
    use crate::typed::table::definitions::{self, Role, Slot};

    impl Declared<'_> {
        /// Adds the schema of each type.
        pub(super) fn add_schemas(&self, descriptor: &mut Descriptor) {
            let (reads, writes) = match self.side {
                Side::Plugin => (Role::Read, Role::Written),
                Side::Client => (Role::Written, Role::Read),
            };
            let mut slots = Vec::new();
            for (place, method) in descriptor.methods.iter_mut().enumerate() {
                let Some(spec) = self.method(place, &method.name) else { continue };
                slots.extend(of_method(method, spec, reads, writes));
            }
            // The plugin is the client of a service.
            for (service, need) in self.services(&mut descriptor.needs, &mut descriptor.wants) {
                for (method, spec) in service.methods.iter_mut().zip(&need.methods) {
                    slots.extend(of_method(method, spec, writes, reads));
                }
            }
            for callback in &mut descriptor.callbacks {
                let spec = self.callbacks.iter().find(|spec| spec.name == callback.name);
                let Some(spec) = spec else { continue };
                slots.extend(params(&mut callback.params, spec.params, writes));
                slots.push(Slot::new(&mut callback.returns, spec.answer, reads));
            }
            let configuration = descriptor.configuration.as_mut().zip(self.configuration);
            slots.extend(configuration.map(|(ty, spec)| Slot::new(ty, spec.schema, reads)));
            descriptor.definitions = Arc::new(definitions::fill(slots));
        }
    }

    fn of_method<'d>(
        method: &'d mut MethodDescriptor,
        spec: &'static MethodSpec,
        reads: Role,
        writes: Role,
    ) -> impl Iterator<Item = Slot<'d>> {
        let MethodDescriptor { params: parameters, returns, error, progress, .. } = method;
        let returns = Slot::new(returns, spec.result, writes);
        let error = error.as_mut().map(|error| Slot::new(error, spec.error.schema, writes));
        let specs = spec.params.iter().chain(&spec.incoming);
        let progress = progress.as_mut().zip(spec.progress);
        let progress = progress.map(|(ty, spec)| Slot::new(ty, spec.schema, writes));
        params(parameters, specs, reads).chain([returns]).chain(error).chain(progress)
    }

    fn params<'d>(
        params: &'d mut [Parameter],
        specs: impl IntoIterator<Item = &'static ParamSpec>,
        role: Role,
    ) -> impl Iterator<Item = Slot<'d>> {
        let params = params.iter_mut().zip(specs);
        params.map(move |(param, spec)| Slot::new(&mut param.ty, spec.schema, role))
    }
}
