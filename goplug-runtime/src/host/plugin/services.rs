//! What fulfils the services that a plugin needs of its host.
//!
//! That is known before a process is started: a plugin whose needs are not met is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::grants::Granted;
use super::reporter::Reporter;
use super::state::PluginState;
use crate::contract::{Provider, Verdict, misfit};
use crate::error::{Error, Result};
use crate::host::callbacks::{ServiceTarget, Services};
use crate::host::install::Installation;
use crate::panic::contained;
use crate::protocol::name::Qualified;
use crate::protocol::{Descriptor, Pconf, PluginId, ServiceDescriptor};

/// The services that a plugin uses, as its `.pconf` or its answer to the activation says.
pub(super) struct Needs<'a> {
    needs: &'a [ServiceDescriptor],
    wants: &'a [ServiceDescriptor],
    /// The schemas that their types refer to.
    definitions: &'a Arc<Map<String, Value>>,
}

impl<'a> Needs<'a> {
    pub(super) fn of_pconf(pconf: &'a Pconf) -> Self {
        let (needs, wants) = (pconf.needs(), pconf.wants());
        Self { needs, wants, definitions: pconf.definitions() }
    }

    pub(super) fn of_descriptor(descriptor: &'a Descriptor) -> Self {
        let Descriptor { needs, wants, definitions, .. } = descriptor;
        Self { needs, wants, definitions }
    }

    /// Those that are not in another list, if there are any.
    pub(super) fn beyond(&self, known: &Self) -> Option<Descriptor> {
        let knows = |one: &&ServiceDescriptor| {
            known.needs.iter().chain(known.wants).any(|other| other.name == one.name)
        };
        let new = |all: &[ServiceDescriptor]| -> Vec<_> {
            all.iter().filter(|one| !knows(one)).cloned().collect()
        };
        let (needs, wants) = (new(self.needs), new(self.wants));
        let has_any = !needs.is_empty() || !wants.is_empty();
        has_any.then(|| Descriptor {
            needs,
            wants,
            definitions: Arc::clone(self.definitions),
            ..Descriptor::new("", "")
        })
    }
}

impl PluginState {
    /// What fulfils these needs. Until all are found, the plugin lacks a service: what is installed
    /// meanwhile has the supervisor look again.
    ///
    /// # Errors
    /// [`Error::NotProvided`] if nothing fulfils a service that the plugin cannot do without.
    pub(super) fn services(&self, needs: &Needs<'_>, registry: &dyn Reporter) -> Result<Services> {
        self.set_lacks_service(true);
        let mut services = BTreeMap::new();
        for need in needs.needs {
            services.insert(need.name.clone(), self.service(need, needs, registry)?);
        }
        self.set_lacks_service(false);
        for want in needs.wants {
            match self.service(want, needs, registry) {
                Ok(target) => _ = services.insert(want.name.clone(), target),
                Err(error) => self.log_unmet_want(&want.name, &error, registry),
            }
        }
        Ok(services)
    }

    /// Logs why the plugin does without a service. It learns no more than that it is not there.
    fn log_unmet_want(&self, service: &str, error: &Error, registry: &dyn Reporter) {
        let is_meant =
            registry.provided(service).is_some() || self.policy().may_call.contains(service);
        contained(|| match is_meant {
            true => tracing::warn!(target: "goplug::services", plugin = %self.id(), "{error}"),
            false => tracing::debug!(target: "goplug::services", plugin = %self.id(), "{error}"),
        });
    }

    fn service(
        &self,
        need: &ServiceDescriptor,
        needs: &Needs<'_>,
        registry: &dyn Reporter,
    ) -> Result<Arc<dyn ServiceTarget>> {
        let needed = Descriptor {
            methods: need.methods.clone(),
            definitions: Arc::clone(needs.definitions),
            ..Descriptor::new(&need.name, "")
        };
        if let Some(provided) = registry.provided(&need.name) {
            return match self.misfit(&needed, provided.descriptor(), Provider::Host) {
                Some(reason) => Err(self.not_provided(&need.name, reason)),
                None => Ok(provided),
            };
        }
        let plugin = self.granted(&needed, registry)?;
        Ok(Arc::new(Granted::new(&plugin, need)))
    }

    /// The plugin that this one may call and that fulfils a service: that of this name, or else the only
    /// one that fulfils it as far as its `.pconf` says.
    fn granted(&self, needed: &Descriptor, registry: &dyn Reporter) -> Result<Arc<PluginState>> {
        let service = &*needed.name;
        let grants = &self.policy().may_call;
        let (granted, ungranted): (Vec<_>, Vec<_>) = registry
            .installed()
            .into_iter()
            .partition(|(plugin, _)| grants.contains(&plugin.id().to_string()));
        if let Some((plugin, it)) = granted.iter().find(|(plugin, _)| is_named(plugin, service)) {
            return match self.misfit_of(needed, plugin, it) {
                Some(reason) => Err(self.not_provided(service, reason)),
                None => Ok(Arc::clone(plugin)),
            };
        }
        let mut fulfilling =
            granted.iter().filter(|(plugin, it)| self.misfit_of(needed, plugin, it).is_none());
        match (fulfilling.next(), fulfilling.next()) {
            (Some((plugin, _)), None) => Ok(Arc::clone(plugin)),
            (Some((one, _)), Some((other, _))) => {
                let reason =
                    format!("{} and {} both fulfil it: grant one of them", one.id(), other.id());
                Err(self.not_provided(service, reason))
            }
            (None, _) => {
                let reason = self.missing(needed, &ungranted) + &self.unfit(needed, &granted);
                Err(self.not_provided(service, reason))
            }
        }
    }

    /// Why nothing fulfils a service, and what helps.
    fn missing(&self, needed: &Descriptor, ungranted: &[InstalledPlugin]) -> String {
        let named = ungranted.iter().find(|(plugin, _)| is_named(plugin, &needed.name));
        let fulfils = |(plugin, it): &&InstalledPlugin| {
            let says_what = it.pconf.descriptor().is_some() && !needed.methods.is_empty();
            says_what && self.misfit_of(needed, plugin, it).is_none()
        };
        let Some((other, it)) = named.or_else(|| ungranted.iter().find(fulfils)) else {
            return "nothing provides it; write `.provide(value)` where the registry is built, with a \
                    value that fulfils it, or let the plugin call one that does, by \
                    `Policy::may_call`"
                .into();
        };
        let (id, other) = (self.id(), (other.id(), self.misfit_of(needed, other, it)));
        match other {
            (other, None) => format!(
                "the plugin {other} would fulfil it, and the policy of {id} does not let it: write \
                 `.plugin({name:?}, {namespace:?}, |policy| policy.may_call(\"{other}\"))` where the \
                 registry is built",
                name = id.name(),
                namespace = id.namespace(),
            ),
            (other, Some(reason)) => format!(
                "nothing provides it, and `may_call(\"{other}\")` would not help: {reason}\nOr write \
                 `.provide(value)` where the registry is built, with a value that fulfils it"
            ),
        }
    }

    /// Why no plugin fulfils the service that this one may call.
    fn unfit(&self, needed: &Descriptor, granted: &[InstalledPlugin]) -> String {
        let reason = |grant: &String| {
            let found = granted.iter().find(|(plugin, _)| plugin.id().to_string() == *grant);
            match found.and_then(|(plugin, it)| self.misfit_of(needed, plugin, it)) {
                Some(reason) => format!("which does not fulfil it: {reason}"),
                None if is_id(grant) => "which is not installed".into(),
                None => "which is no plugin's name, as `acme.Store` is".into(),
            }
        };
        let grants = self.policy().may_call.iter();
        grants.map(|grant| format!("\nit may call {grant:?}, {}", reason(grant))).collect()
    }

    /// Why a plugin does not fulfil a service, as far as its `.pconf` says.
    fn misfit_of(
        &self,
        needed: &Descriptor,
        plugin: &PluginState,
        installation: &Installation,
    ) -> Option<String> {
        let name = plugin.id().to_string();
        let offered = installation.pconf.descriptor()?;
        self.misfit(needed, &offered, Provider::Plugin(&name))
    }

    /// Why what is offered is not what the plugin means.
    fn misfit(
        &self,
        needed: &Descriptor,
        offered: &Descriptor,
        provider: Provider<'_>,
    ) -> Option<String> {
        misfit(needed, offered, self.refused_verdict(), provider)
    }

    /// The least verdict that the policy does not accept.
    fn refused_verdict(&self) -> Verdict {
        match self.policy().refuse_lossy {
            true => Verdict::Lossy,
            false => Verdict::Incompatible,
        }
    }

    fn not_provided(&self, service: &str, reason: String) -> Error {
        Error::NotProvided { id: self.id().clone(), service: service.into(), reason }
    }
}

/// A plugin, and what is installed of it.
type InstalledPlugin = (Arc<PluginState>, Arc<Installation>);

/// Whether a plugin has the name of this service, with its namespace or without.
fn is_named(plugin: &PluginState, service: &str) -> bool {
    plugin.id().name() == service || plugin.id().to_string() == service
}

/// Whether a plugin can have this name, with its namespace.
fn is_id(text: &str) -> bool {
    let Qualified { namespace, name } = Qualified::of(text);
    PluginId::new(name, namespace).is_ok()
}
