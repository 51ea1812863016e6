//! The process that callbacks come from. It is known before the plugin is activated, since an
//! activation may call callbacks as well.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::service_counter::ServiceCounter;
use super::targets::{ServiceTarget, Services};
use crate::error::{Error, Result};
use crate::host::connection::{Endpoint, SendError};
use crate::host::install::Installation;
use crate::host::instance::{Instance, RequestLimits, into_result};
use crate::host::output::Warnings;
use crate::http1::{Request, Response};
use crate::protocol::service::entry;
use crate::protocol::{CallbackDescriptor, PluginId, Problem, ProblemKind, wire};

/// The process that callbacks come from.
pub(in crate::host) struct CallbackPeer {
    installation: Arc<Installation>,
    endpoint: Arc<Endpoint>,
    /// How long an answer may take to reach the plugin.
    timeout: Duration,
    /// The instance, once it has been activated.
    instance: OnceLock<Arc<Instance>>,
    /// What this host provides for the plugin.
    services: Mutex<Services>,
    /// What counts its calls of them.
    counter: Arc<dyn ServiceCounter>,
    warnings: Arc<Warnings>,
    /// The callback whose handler runs while the plugin is not active yet.
    handling: Mutex<Option<String>>,
    /// The callbacks whose answer the plugin waits for, once it has been activated.
    answered: OnceLock<HashSet<String>>,
    /// Those whose answer it does not wait for, as its `.pconf` says.
    unanswered: OnceLock<HashSet<String>>,
}

/// Whether the plugin waits for the answer to a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WantsAnswer {
    pub(super) answer: bool,
    /// Whether this is what the plugin itself says. Before its activation only its `.pconf` is
    /// known, and perhaps not even that.
    pub(super) is_certain: bool,
}

impl CallbackPeer {
    pub(in crate::host) fn new(
        installation: Arc<Installation>,
        endpoint: Arc<Endpoint>,
        timeout: Duration,
        services: Services,
        counter: Arc<dyn ServiceCounter>,
        warnings: Arc<Warnings>,
    ) -> Self {
        Self {
            installation,
            endpoint,
            timeout,
            instance: OnceLock::new(),
            services: Mutex::new(services),
            counter,
            warnings,
            handling: Mutex::default(),
            answered: OnceLock::new(),
            unanswered: OnceLock::new(),
        }
    }

    pub(super) fn id(&self) -> &PluginId {
        self.installation.id()
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Notes that the plugin is active.
    pub(in crate::host) fn set_active(&self, instance: &Arc<Instance>) {
        // Only the first call has an effect, and there is no second.
        drop(self.instance.set(Arc::clone(instance)));
    }

    /// Whether this host provides anything for the plugin.
    pub(in crate::host) fn has_services(&self) -> bool {
        !self.lock_services().is_empty()
    }

    /// The entries by which the services are registered with the plugin.
    pub(super) fn service_entries(&self) -> Vec<String> {
        self.lock_services().keys().map(|name| entry(name)).collect()
    }

    /// What fulfils this service.
    pub(super) fn service(&self, name: &str) -> Option<Arc<dyn ServiceTarget>> {
        self.lock_services().get(name).map(Arc::clone)
    }

    /// Adds services that only the answer to the activation has asked for.
    pub(in crate::host) fn add_services(&self, services: Services) {
        self.lock_services().extend(services);
    }

    /// What counts the calls of services.
    pub(super) fn service_counter(&self) -> &dyn ServiceCounter {
        &*self.counter
    }

    /// The warnings that the plugin causes by what it sends.
    pub(super) fn warnings(&self) -> &Arc<Warnings> {
        &self.warnings
    }

    fn lock_services(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes which callback's handler runs while the plugin is not active yet.
    pub(super) fn set_handling(&self, callback: Option<&str>) {
        *self.handling.lock().unwrap_or_else(PoisonError::into_inner) = callback.map(str::to_owned);
    }

    /// The callback whose handler runs, if the plugin is not active yet.
    pub(in crate::host) fn handling(&self) -> Option<String> {
        self.handling.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the plugin has been activated.
    pub(super) fn is_active(&self) -> bool {
        self.instance.get().is_some()
    }

    /// How many calls of the plugin are in flight.
    pub(super) fn calls(&self) -> usize {
        self.instance.get().map_or(0, |instance| instance.calls())
    }

    /// Whether the plugin waits for the answer to this callback.
    pub(super) fn wants_answer(&self, name: &str) -> WantsAnswer {
        let names = |declared: &[CallbackDescriptor], wants_answer| {
            let meant = declared.iter().filter(|it| it.wants_answer() == wants_answer);
            meant.map(|it| it.name.clone()).collect()
        };
        match self.instance.get() {
            Some(instance) => {
                let declared = || names(&instance.descriptor().callbacks, true);
                let answer = self.answered.get_or_init(declared).contains(name);
                WantsAnswer { answer, is_certain: true }
            }
            // An answer that nobody waits for does no harm: the plugin refuses it.
            None => {
                let declared = || names(self.installation.pconf.callbacks(), false);
                let answer = !self.unanswered.get_or_init(declared).contains(name);
                WantsAnswer { answer, is_certain: false }
            }
        }
    }

    /// Sends the reply to the event of this id, for the host with this token. If it is larger than the
    /// plugin takes, the plugin gets that as the problem. `is_only` says whether nothing else is in
    /// flight. Gives how many requests the connection has carried.
    pub(super) async fn reply(
        &self,
        host_id: &str,
        event_id: u64,
        (body, media_type): (&Bytes, &str),
        is_only: impl Fn() -> bool,
    ) -> Result<u32> {
        let sent = self.send_reply(host_id, event_id, (body, media_type), &is_only).await;
        if !matches!(sent, Err(Error::TooLarge { .. })) {
            return sent;
        }
        let text = format!("the answer has {} bytes, and the plugin takes fewer", body.len());
        self.warnings.log("an answer is too large", || {
            tracing::warn!(target: "goplug::callbacks", plugin = %self.id(), "{text}");
        });
        let problem = Bytes::from(Problem::new(ProblemKind::BodyTooLarge, text).to_json());
        self.send_reply(host_id, event_id, (&problem, wire::PROBLEM), &is_only).await
    }

    async fn send_reply(
        &self,
        host_id: &str,
        event_id: u64,
        (body, media_type): (&Bytes, &str),
        is_only: impl Fn() -> bool,
    ) -> Result<u32> {
        let request = Request {
            below: &format!("/{event_id}"),
            content_type: Some(media_type),
            headers: &[(wire::HEADER_HOST, host_id)],
            ..Request::new(wire::CALLBACK_REPLY, body)
        };
        let deadline = Instant::now() + self.timeout;
        let sent = self.endpoint.send_reply(&request, deadline, is_only).await;
        let (response, requests) = sent.map_err(|error| self.send_error(request.method, error))?;
        self.read(request.method, response, self.timeout).map(|_| requests)
    }

    /// The body of a response to a request that had this much time.
    pub(super) fn read(&self, method: &str, response: Response, time: Duration) -> Result<Bytes> {
        let limits = RequestLimits { body: self.endpoint.body_limit(), time };
        into_result(self.id(), method, response, limits)
    }

    fn send_error(&self, method: &str, error: SendError) -> Error {
        let what = format!("{method} of {}", self.id());
        match error {
            SendError::TimedOut(_) => Error::deadline(what, self.timeout),
            SendError::Runtime(missing) => missing.into(),
            SendError::Items(error) => *error,
            SendError::TooLarge => Error::TooLarge { limit: self.endpoint.body_limit() },
            SendError::Unconnected(error)
            | SendError::Unsent(error)
            | SendError::Unread(error)
            | SendError::ClosedIdle(error)
            | SendError::Broken(error) => Error::io(what, error),
        }
    }
}
