//! What fulfils the services that a plugin needs of its host.
//!
//! That is known before a process is started: a plugin whose needs are not met is not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::grants::Granted;
use super::reporter::Reporter;
use super::state::PluginState;
use crate::contract::{Comparison, Verdict, compare};
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
                Err(error) => contained(|| {
                    tracing::debug!(target: "goplug::services", plugin = %self.id(), "{error}");
                }),
            }
        }
        Ok(services)
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
            self.check_service(&needed, provided.descriptor())?;
            return Ok(provided);
        }
        let plugin = self.granted(&needed, registry)?;
        Ok(Arc::new(Granted::new(&plugin, need)))
    }

    /// The plugin that this one may call and that fulfils a service: that of this name, or else the only
    /// one that fulfils it as far as its `.pconf` says.
    fn granted(&self, needed: &Descriptor, registry: &dyn Reporter) -> Result<Arc<PluginState>> {
        let service = &*needed.name;
        let is_named = |id: &PluginId| id.name() == service || id.to_string() == service;
        let grants = &self.policy().may_call;
        let (granted, ungranted): (Vec<_>, Vec<_>) = registry
            .installed()
            .into_iter()
            .partition(|(plugin, _)| grants.contains(&plugin.id().to_string()));
        if let Some((plugin, it)) = granted.iter().find(|(plugin, _)| is_named(plugin.id())) {
            if let Some(offered) = it.pconf.descriptor() {
                self.check_service(needed, &offered)?;
            }
            return Ok(Arc::clone(plugin));
        }
        let fulfils = |it: &Installation| {
            let offered = it.pconf.descriptor();
            offered.is_none_or(|offered| self.check_service(needed, &offered).is_ok())
        };
        let mut fulfilling = granted.iter().filter(|(_, it)| fulfils(it)).map(|(plugin, _)| plugin);
        match (fulfilling.next(), fulfilling.next()) {
            (Some(plugin), None) => Ok(Arc::clone(plugin)),
            (Some(one), Some(other)) => {
                let reason =
                    format!("{} and {} both fulfil it: grant one of them", one.id(), other.id());
                Err(self.not_provided(service, &reason))
            }
            (None, _) => {
                let other = ungranted.iter().find(|(plugin, _)| is_named(plugin.id()));
                let missing = self.missing(other.map(|(plugin, _)| plugin.id()));
                Err(self.not_provided(service, &(missing + &self.unfit(needed, &granted))))
            }
        }
    }

    /// Why nothing fulfils a service, and what helps.
    fn missing(&self, ungranted: Option<&PluginId>) -> String {
        match ungranted {
            Some(other) => format!(
                "the plugin {other} would fulfil it, and the policy of {id} does not let it: write \
                 `.plugin({name:?}, {namespace:?}, |policy| policy.may_call(\"{other}\"))` where the \
                 registry is built",
                id = self.id(),
                name = self.id().name(),
                namespace = self.id().namespace(),
            ),
            None => {
                "nothing provides it; write `.provide(value)` where the registry is built, with a \
                     value that fulfils it, or let the plugin call one that does, by \
                     `Policy::may_call`"
                    .into()
            }
        }
    }

    /// Why no plugin fulfils the service that this one may call.
    fn unfit(
        &self,
        needed: &Descriptor,
        granted: &[(Arc<PluginState>, Arc<Installation>)],
    ) -> String {
        let refused = self.refused_verdict();
        let reason = |grant: &String| {
            let plugin = granted.iter().find(|(plugin, _)| plugin.id().to_string() == *grant);
            match plugin.and_then(|(_, it)| it.pconf.descriptor()) {
                Some(offered) => {
                    let differences = differences(&compare(needed, &offered), refused);
                    format!(
                        "which does not fulfil it; here the plugin is the client:\n{differences}"
                    )
                }
                None if is_id(grant) => "which is not installed".into(),
                None => "which is no plugin's name, as `acme.Store` is".into(),
            }
        };
        let grants = self.policy().may_call.iter();
        grants.map(|grant| format!("\nit may call {grant:?}, {}", reason(grant))).collect()
    }

    /// The least verdict that the policy does not accept.
    fn refused_verdict(&self) -> Verdict {
        match self.policy().refuse_lossy {
            true => Verdict::Lossy,
            false => Verdict::Incompatible,
        }
    }

    /// Checks that what is offered is what the plugin means.
    fn check_service(&self, needed: &Descriptor, offered: &Descriptor) -> Result<()> {
        let comparison = compare(needed, offered);
        let refused = self.refused_verdict();
        if comparison.verdict() < refused {
            return Ok(());
        }
        let reason = format!(
            "it is provided, and is not what the plugin means; here the plugin is the client:\n{}",
            differences(&comparison, refused)
        );
        Err(self.not_provided(&needed.name, &reason))
    }

    fn not_provided(&self, service: &str, reason: &str) -> Error {
        Error::NotProvided { id: self.id().clone(), service: service.into(), reason: reason.into() }
    }
}

/// What differs that much.
fn differences(comparison: &Comparison, refused: Verdict) -> String {
    let members = comparison.members.iter().filter(|member| member.verdict >= refused);
    members.map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Whether a plugin can have this name, with its namespace.
fn is_id(text: &str) -> bool {
    let Qualified { namespace, name } = Qualified::of(text);
    PluginId::new(name, namespace).is_ok()
}
