//! The services of a host in the same process, for tests of plugins.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::panic::{catch, catch_panic};
use crate::protocol::{Descriptor, PluginId, Problem, ProblemKind, ServiceDescriptor};
use crate::typed::{Call, Inherited, PluginType, Provided, Reply, Scope, Work};

/// What a plugin in this process finds in the place of a host's services.
pub(crate) struct LocalServices {
    /// The plugin.
    pub(super) id: PluginId,
    /// The services that the plugin needs.
    needs: Vec<ServiceDescriptor>,
    /// The services that it can do without.
    wants: Vec<ServiceDescriptor>,
    provided: Mutex<Vec<Arc<Provided>>>,
}

impl LocalServices {
    /// Of the plugin that this descriptor describes; none is provided yet.
    pub(crate) fn new(id: PluginId, Descriptor { needs, wants, .. }: Descriptor) -> Self {
        Self { id, needs, wants, provided: Mutex::default() }
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
        match self.needs.iter().find(|need| self.of_name(&need.name).is_none()) {
            Some(need) => Err(not_provided(&self.id, &need.name)),
            None => Ok(()),
        }
    }

    /// Provides the services that this value fulfils.
    ///
    /// # Errors
    /// The declaration of the value's type is faulty.
    pub(crate) fn provide<S: PluginType>(&self, value: S) -> Result<()> {
        let provided = Arc::new(Provided::new(value)?);
        self.provided.lock().unwrap_or_else(PoisonError::into_inner).push(provided);
        Ok(())
    }

    /// What fulfils the service of this name.
    pub(super) fn of_name(&self, service: &str) -> Option<Arc<Provided>> {
        let provided = self.provided.lock().unwrap_or_else(PoisonError::into_inner);
        let fulfils = |it: &&Arc<Provided>| it.names().iter().any(|name| name == service);
        provided.iter().find(fulfils).map(Arc::clone)
    }

    /// Calls a service in the task of its caller.
    ///
    /// # Errors
    /// The problem that a host would answer with.
    pub(super) async fn call(
        &self,
        provided: &Provided,
        method: &str,
        body: Bytes,
        inherited: Inherited,
    ) -> Result<Reply, Problem> {
        let panicked = |panic| Problem::new(ProblemKind::HandlerPanicked, panic);
        let work = Work::Service { plugin: &self.id, method };
        let mut scope = Scope::of_call(None, inherited).within_span(work);
        let begun = scope.enter(|| catch(|| provided.call(method, Call::new(body))));
        let reply = begun.map_err(panicked)??;
        catch_panic(scope.run(reply)).await.map_err(panicked)?
    }
}

/// The error of a service that nobody provides for the plugin.
pub(super) fn not_provided(id: &PluginId, service: &str) -> Error {
    let reason = "its host does not provide it, by `Registry::builder(…).provide(…)` or by \
                  `Policy::may_call`, or provides something else of this name";
    Error::NotProvided { id: id.clone(), service: service.into(), reason: reason.into() }
}
