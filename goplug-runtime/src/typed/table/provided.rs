//! The value with which a host fulfils contracts for its plugins.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::entry::{Dispatch, Item, entries};
use super::gather::{Table, table};
use crate::error::{Error, Result};
use crate::protocol::name::Qualified;
use crate::protocol::{Descriptor, Problem, ProblemKind};
use crate::typed::call::{Call, PluginValue, ReplyFuture};
use crate::typed::declare::{MethodSpec, PluginType};

/// A value whose methods are services: those of its contracts, and the ones of its own type.
///
/// The methods are found and run as in a plugin, by the same table.
pub(crate) struct Provided {
    names: Vec<String>,
    methods: Vec<(&'static MethodSpec, Dispatch)>,
    value: PluginValue,
    #[cfg_attr(
        not(any(feature = "host", feature = "schema")),
        allow(dead_code, reason = "only contracts are compared")
    )]
    describe: fn() -> Result<Descriptor>,
    #[cfg_attr(
        not(any(feature = "host", feature = "schema")),
        allow(dead_code, reason = "only contracts are compared")
    )]
    described: OnceLock<Descriptor>,
}

impl Provided {
    /// The value with which a host fulfils contracts.
    ///
    /// # Errors
    /// As [`table`]; [`Error::Configuration`] for a method that services cannot have.
    pub(crate) fn new<P: PluginType>(value: P) -> Result<Self> {
        let provided = Self::of_plugin(value)?;
        let beyond = |(spec, _): &(&MethodSpec, _)| Some((spec.name, beyond_services(spec)?));
        if let Some((method, what)) = provided.methods.iter().find_map(beyond) {
            let text = format!(
                "{} is provided as a service, and {what} of its method {method:?}: services take and \
                 give whole values; pass a list, or one part after the other",
                P::NAME
            );
            return Err(Error::Configuration(text));
        }
        Ok(provided)
    }

    /// The value of a plugin that another one may call. Its methods with streams or progress are refused
    /// when they are called, by the caller.
    ///
    /// # Errors
    /// As [`table`].
    pub(crate) fn of_plugin<P: PluginType>(value: P) -> Result<Self> {
        let Table { methods, .. } = table::<P>()?;
        let mut names = vec![Qualified { namespace: P::NAMESPACE, name: P::NAME }.to_string()];
        for item in entries::<P>() {
            if let Item::Contract(contract) = item {
                names.push(contract().spec.name.into());
            }
        }
        names.sort_unstable();
        names.dedup();
        let describe = || Ok(table::<P>()?.described::<P>());
        Ok(Self { names, methods, value: Arc::new(value), describe, described: OnceLock::new() })
    }

    /// The names of the services: of the contracts, and of the type itself.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// What the value offers, with the schemas of its types. The first call makes them.
    #[cfg_attr(
        not(any(feature = "host", feature = "schema")),
        allow(dead_code, reason = "only contracts are compared")
    )]
    pub(crate) fn descriptor(&self) -> &Descriptor {
        if let Some(described) = self.described.get() {
            return described;
        }
        // The schemas are the users' own code, which runs without a lock. The table was gathered before,
        // so it can be gathered again.
        let described = (self.describe)().unwrap_or_else(|_| Descriptor::new("", ""));
        self.described.get_or_init(|| described)
    }

    /// Begins a call of a method. Nothing of it runs before the first poll but what a method does
    /// that is not async.
    ///
    /// # Errors
    /// A problem if there is no such method.
    pub(crate) fn call(&self, method: &str, call: Call) -> Result<ReplyFuture, Problem> {
        let place = self.methods.binary_search_by(|(spec, _)| spec.name.cmp(method));
        let Some((_, dispatch)) = place.ok().and_then(|place| self.methods.get(place)) else {
            let detail = format!("the service has no method {method:?}");
            return Err(Problem::new(ProblemKind::UnknownMethod, detail));
        };
        Ok(dispatch(Arc::clone(&self.value), call))
    }
}

/// What a method has that services have not, as a part of a message.
fn beyond_services(spec: &MethodSpec) -> Option<&'static str> {
    if spec.stream {
        return Some("the result is a stream");
    }
    if spec.incoming.is_some() {
        return Some("an argument is a stream");
    }
    spec.progress.map(|_| "progress is reported")
}

impl fmt::Debug for Provided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provided").field("names", &self.names).finish_non_exhaustive()
    }
}
