//! The services of a host in the same process, for tests of plugins.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use super::callbacks::failure_of;
#[cfg(any(feature = "host", feature = "schema"))]
use crate::contract::{Provider, Verdict, misfit};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::chain::Chain;
use crate::protocol::service::ServiceCall;
use crate::protocol::{Descriptor, PluginId, Problem, ServiceDescriptor};
use crate::typed::{Call, CallOrigin, Inherited, PluginType, Provided, Scope, Table, Work, table};

/// What a plugin in this process finds in the place of a host's services.
pub(crate) struct LocalServices {
    /// The plugin.
    pub(super) id: PluginId,
    /// The services that the plugin needs.
    needs: Vec<ServiceDescriptor>,
    /// The services that it can do without.
    wants: Vec<ServiceDescriptor>,
    /// The same with the schemas of their types.
    #[cfg_attr(
        not(any(feature = "host", feature = "schema")),
        expect(dead_code, reason = "only contracts are compared")
    )]
    describe: fn() -> Option<Descriptor>,
    offers: Mutex<Offers>,
}

/// What fulfils services.
#[derive(Default)]
struct Offers {
    /// By the host.
    provided: Vec<Arc<Provided>>,
    /// By the plugins that this one may call, with their names.
    granted: Vec<(PluginId, Arc<Provided>)>,
    /// Why what is there for a service does not fulfil it, as far as that was asked for.
    misfits: BTreeMap<String, Option<String>>,
}

impl Offers {
    /// What fulfils the service of this name, and the plugin that it is, unless it is the host's. What the
    /// host provides comes first, and then the plugin of this name.
    fn of_name(&self, service: &str) -> Option<(Option<&PluginId>, &Arc<Provided>)> {
        let fulfils = |it: &Provided| it.names().iter().any(|name| name == service);
        let provided = self.provided.iter().find(|it| fulfils(it));
        let named = || self.granted.iter().find(|(id, _)| is_name_of(id, service));
        let fulfilling = || self.granted.iter().find(|(_, it)| fulfils(it));
        let granted = || named().or_else(fulfilling).map(|(id, it)| (Some(id), it));
        provided.map(|it| (None, it)).or_else(granted)
    }
}

/// Whether a plugin has this name, with its namespace or without.
fn is_name_of(id: &PluginId, service: &str) -> bool {
    id.name() == service || id.to_string() == service
}

impl LocalServices {
    /// Of the plugin of this type; none is provided yet.
    pub(crate) fn of<P: PluginType>(id: PluginId, known: &Table) -> Self {
        let Descriptor { needs, wants, .. } = known.descriptor::<P>();
        let describe = || Some(table::<P>().ok()?.described::<P>());
        Self { id, needs, wants, describe, offers: Mutex::default() }
    }

    /// Whether the plugin calls services.
    pub(crate) fn are_declared(&self) -> bool {
        self.declared().next().is_some()
    }

    /// The services that the plugin declares.
    pub(super) fn declared(&self) -> impl Iterator<Item = &ServiceDescriptor> {
        self.needs.iter().chain(&self.wants)
    }

    /// Checks that everything is provided that the plugin needs.
    ///
    /// # Errors
    /// [`Error::NotProvided`].
    pub(crate) fn check(&self) -> Result<()> {
        self.needs.iter().try_for_each(|need| self.of_name(&need.name).map(drop))
    }

    /// Provides the services that this value fulfils.
    ///
    /// # Errors
    /// The declaration of the value's type is faulty.
    pub(crate) fn provide<S: PluginType>(&self, value: S) -> Result<()> {
        let provided = Arc::new(Provided::new(value)?);
        let mut offers = self.lock();
        offers.provided.push(provided);
        offers.misfits.clear();
        Ok(())
    }

    /// Lets the plugin call another one, which is this value.
    ///
    /// # Errors
    /// The declaration of the value's type is faulty.
    pub(crate) fn grant<Q: PluginType>(&self, value: Q) -> Result<()> {
        let id = PluginId::new(Q::NAME, Q::NAMESPACE)?;
        let granted = Arc::new(Provided::of_plugin(value)?);
        let mut offers = self.lock();
        offers.granted.push((id, granted));
        offers.misfits.clear();
        Ok(())
    }

    /// What fulfils the service of this name.
    ///
    /// # Errors
    /// [`Error::NotProvided`].
    pub(super) fn of_name(&self, service: &str) -> Result<Arc<Provided>> {
        let (plugin, provided, known) = {
            let offers = self.lock();
            let found = offers.of_name(service);
            let (plugin, provided) = found.ok_or_else(|| not_provided(&self.id, service))?;
            let plugin = plugin.map(ToString::to_string);
            (plugin, Arc::clone(provided), offers.misfits.get(service).cloned())
        };
        // The schemas are the users' own code, which runs without the lock.
        let misfit = known.unwrap_or_else(|| {
            let misfit = self.misfit(service, plugin.as_deref(), &provided);
            self.lock().misfits.insert(service.into(), misfit.clone());
            misfit
        });
        match misfit {
            Some(reason) => {
                Err(Error::NotProvided { id: self.id.clone(), service: service.into(), reason })
            }
            None => Ok(provided),
        }
    }

    /// Why this is not the service that the plugin means.
    #[cfg(any(feature = "host", feature = "schema"))]
    fn misfit(&self, service: &str, by: Option<&str>, provided: &Provided) -> Option<String> {
        let Descriptor { needs, wants, definitions, .. } = (self.describe)()?;
        let ServiceDescriptor { name, methods } =
            needs.into_iter().chain(wants).find(|declared| declared.name == service)?;
        let needed = Descriptor { methods, definitions, ..Descriptor::new(name, "") };
        misfit(
            &needed,
            provided.descriptor(),
            Verdict::Incompatible,
            by.map_or(Provider::Host, Provider::Plugin),
        )
    }

    /// Nothing compares contracts here.
    #[cfg(not(any(feature = "host", feature = "schema")))]
    #[expect(clippy::unused_self, reason = "the same function as with the features")]
    fn misfit(&self, _: &str, _: Option<&str>, _: &Provided) -> Option<String> {
        None
    }

    fn lock(&self) -> MutexGuard<'_, Offers> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls a service in the task of the caller, with the arguments as the event would have them.
    ///
    /// # Errors
    /// Those of a call.
    pub(super) async fn call(
        &self,
        provided: &Provided,
        event: &ServiceCall<'_>,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Bytes> {
        let length = if event.is_base64 { body.len().div_ceil(3) * 4 } else { body.len() };
        if event.event_type().len() + length > limits::MAX_EVENT {
            return Err(Error::TooLarge { limit: limits::MAX_EVENT });
        }
        let traceparent = event.traceparent;
        let inherited = Inherited { deadline: Some(deadline.into()), traceparent };
        let within = Chain::read(event.chain.as_bytes()).unwrap_or_default();
        let origin = CallOrigin { host: None, chain: within.with(event.service, event.method) };
        let work = Work::Service { plugin: &self.id, method: event.method };
        let scope = Scope::of_call(None, inherited).from(Some(Arc::new(origin))).within_span(work);
        let reply = async { provided.call(event.method, Call::new(body))?.await };
        let reply = scope.answer(Box::pin(reply)).await;
        let failure = |problem: Problem| failure_of(event, &problem.to_json(), limits::MAX_BODY);
        let body = reply.map_err(failure)?.whole_body();
        if body.len() > limits::MAX_BODY {
            return Err(Error::TooLarge { limit: limits::MAX_BODY });
        }
        Ok(body)
    }
}

/// The error of a service that nobody provides for the plugin.
pub(super) fn not_provided(id: &PluginId, service: &str) -> Error {
    let reason = "its host does not provide it, by `Registry::builder(…).provide(…)` or by \
                  `Policy::may_call`, or provides something else of this name, of which its log says \
                  more (target `goplug::services`)";
    Error::NotProvided { id: id.clone(), service: service.into(), reason: reason.into() }
}
