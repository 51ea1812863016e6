//! The services of the host, as the plugin's own code calls them.
//!
//! Start with [`host`]. Nothing here is linked into a plugin that does not call it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use super::callbacks::{Hub, HubNotifier, NoHost, OutgoingCall};
use super::connection::READ_REPLIES;
use super::definition::PluginDefinition;
use super::local_services::{LocalServices, not_provided};
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::chain::Chain;
use crate::protocol::service::{ServiceCall, entry};
use crate::protocol::{PluginId, ServiceDescriptor};
use crate::typed::{
    BlockingCaller, CallOrigin, CallRequest, CallbackHandler, Caller, Client, ClientBase,
    Inherited, MediaType, Provided, StreamedBody, Subscription, may_block, running, wait_until,
};

/// The typed client of a service of the host that the current call came from.
///
/// The plugin has to declare the service, by `needs(…)` or `wants(…)` of `#[goplug::plugin]`. Within a
/// method, a hook or a callback's body, the host is the one that this call came from. Elsewhere, for
/// example in a spawned task, it is the only host of the only plugin in the process.
///
/// A client can be kept for as long as its host is there. A blocking client is for methods that block.
///
/// ```no_run
/// /// What the host offers.
/// #[goplug::plugin]
/// pub trait Database {
///     #[goplug::method]
///     async fn query(&self, sql: &str) -> Vec<String>;
/// }
///
/// #[goplug::plugin(namespace = "acme", needs(Database))]
/// pub struct Report;
///
/// #[goplug::method(Report)]
/// pub async fn render() -> goplug::Result<String> {
///     let database: DatabaseClient<goplug::Host> = goplug::host()?;
///     Ok(database.query("select title from pages").await?.join("\n"))
/// }
/// # fn main() {}
/// ```
///
/// # Errors
/// [`Error::NotProvided`] if the host has no such service; [`Error::Configuration`] if the plugin does
/// not declare it, or outside of a plugin.
pub fn host<C>() -> Result<C>
where
    C: Client,
    C::Caller: From<Host>,
{
    let host = Host::of_service(C::expectation().service())?;
    Ok(ClientBase::unchecked(host.into()))
}

/// A host as the plugin calls it: the caller of the clients that [`host`] makes.
///
/// A call takes at most the time that the call has left within which it is made, or 30 s outside of
/// calls. Dropping the future of a call cancels it. At most [`limits::SERVICE_CALLS`] calls of one
/// host are in flight; further ones wait.
#[derive(Clone)]
pub struct Host {
    provider: Provider,
    service: Arc<Service>,
}

/// Where the services are.
#[derive(Clone)]
enum Provider {
    /// In a host, with the number that it has among those of the plugin.
    Host { hub: Arc<Hub>, definition: Arc<PluginDefinition>, serial: u64 },
    /// In this process, in a test.
    Local { services: Arc<LocalServices>, provided: Arc<Provided> },
}

impl Provider {
    /// The plugin that calls.
    fn caller(&self) -> &PluginId {
        match self {
            Self::Host { definition, .. } => &definition.id,
            Self::Local { services, .. } => &services.id,
        }
    }
}

/// The name of a service.
struct Service {
    name: String,
    /// How hosts list it.
    entry: String,
}

/// A host as code calls it that blocks: methods with the option `blocking`, and threads.
///
/// It is a caller of blocking clients, such as `DatabaseBlockingClient<goplug::blocking::Host>`. Code
/// that runs on the plugin's own runtime must not block: it gets [`Error::Configuration`].
#[derive(Clone, Debug)]
pub struct BlockingHost(Host);

impl From<Host> for BlockingHost {
    fn from(host: Host) -> Self {
        Self(host)
    }
}

impl Host {
    fn of_service(name: &str) -> Result<Self> {
        let notifier = running().map_err(|reason| {
            Error::Configuration(format!("the service {name:?} of a host: {reason}"))
        })?;
        let no_host = || {
            let text = format!("the service {name:?} of a host: there is no host here");
            Error::Configuration(text)
        };
        let notifier = notifier.into_any().ok_or_else(no_host)?;
        let provider = match notifier.downcast::<HubNotifier>() {
            Ok(notifier) => Self::in_host(&notifier, name)?,
            Err(other) => Self::in_test(other.downcast().map_err(|_| no_host())?, name)?,
        };
        let service = Service { name: name.into(), entry: entry(name) };
        Ok(Self { provider, service: Arc::new(service) })
    }

    fn in_host(notifier: &HubNotifier, name: &str) -> Result<Provider> {
        let HubNotifier { hub, definition } = notifier;
        let descriptor = &definition.descriptor;
        check_declared(&definition.id, descriptor.needs.iter().chain(&descriptor.wants), name)?;
        let origin = CallOrigin::current();
        let token = origin.as_ref().and_then(|origin| origin.host.as_deref());
        let serial = hub.provider(&entry(name), token).map_err(|error| match error {
            NoHost::Stopped => Error::Stopped,
            NoHost::NotProvided => not_provided(&definition.id, name),
            NoHost::Several => Error::Configuration(format!(
                "several hosts provide the service {name:?}, and this is not within a call of one of \
                 them"
            )),
        })?;
        hub.set_reply_reader(&READ_REPLIES);
        Ok(Provider::Host { hub: Arc::clone(hub), definition: Arc::clone(definition), serial })
    }

    fn in_test(services: Arc<LocalServices>, name: &str) -> Result<Provider> {
        check_declared(&services.id, services.declared(), name)?;
        let provided = services.of_name(name)?;
        Ok(Provider::Local { services, provided })
    }

    /// The service that is called.
    pub fn service(&self) -> &str {
        &self.service.name
    }

    /// Makes a call, and waits for the reply without a deadline. Needs no runtime.
    async fn exchange(
        &self,
        request: &CallRequest<'_>,
        timeout: Duration,
        deadline: Instant,
    ) -> Result<Bytes> {
        if request.items.is_some() {
            return Err(self.no_streams(request));
        }
        let origin = CallOrigin::current();
        let none = Chain::default();
        let chain = origin.as_ref().map_or(&none, |origin| &origin.chain);
        if chain.is_full() {
            return Err(Error::TooDeep { chain: self.shown(request, chain) });
        }
        let body = request.whole_body();
        let is_base64 = !request.parts.is_empty() || request.media_type == MediaType::Raw;
        let traceparent = request.trace().as_deref().copied();
        let event = ServiceCall {
            service: &self.service.name,
            method: request.method,
            timeout: Some(timeout),
            chain: chain.as_str(),
            traceparent,
            accepts_parts: request.accepts_parts,
            takes_stream: matches!(self.provider, Provider::Host { .. }),
            is_base64,
        };
        let result = match &self.provider {
            Provider::Host { hub, serial, .. } => {
                let data = if is_base64 { BASE64.encode(&body).into() } else { body };
                let call =
                    OutgoingCall { entry: &self.service.entry, event, data: &data, deadline };
                hub.call_service(*serial, &call).await
            }
            Provider::Local { services, provided } => {
                Some(services.call(provided, &event, body, deadline).await)
            }
        };
        match result {
            None => Err(not_provided(self.provider.caller(), &self.service.name)),
            Some(Err(Error::UnknownMethod { .. })) if request.optional => Err(Error::NotOffered {
                id: self.provider.caller().clone(),
                method: request.method.into(),
            }),
            Some(result) => result,
        }
    }

    /// How long a call may take.
    fn timeout(request: &CallRequest<'_>) -> Duration {
        let limit = request.timeout.unwrap_or(limits::CALL_TIMEOUT).min(limits::MAX_DURATION);
        Inherited::limit_nested(limit)
    }

    /// A call for people, with those that it is within.
    fn shown(&self, request: &CallRequest<'_>, chain: &Chain) -> String {
        chain.with(&self.service.name, request.method).to_string()
    }

    fn deadline_error(&self, request: &CallRequest<'_>, after: Duration) -> Error {
        let origin = CallOrigin::current();
        let chain = origin.map(|origin| origin.chain.clone()).unwrap_or_default();
        Error::deadline(self.shown(request, &chain), after)
    }

    fn no_streams(&self, request: &CallRequest<'_>) -> Error {
        let text = format!(
            "{}/{}: a service of a host has no streams, neither as arguments nor as results: pass a \
             list, or one part after the other",
            self.service.name, request.method
        );
        Error::Configuration(text)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("service", &self.service.name).finish_non_exhaustive()
    }
}

impl Caller for Host {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let timeout = Self::timeout(&request);
        let deadline = Instant::now() + timeout;
        let answered = timeout_at(deadline, self.exchange(&request, timeout, deadline)).await;
        answered.unwrap_or_else(|_| Err(self.deadline_error(&request, timeout)))
    }

    async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        Err(self.no_streams(&request))
    }

    async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        _: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        let text = format!(
            "{}/{}: what the method of a service reports does not reach the plugin that calls it",
            self.service.name, request.method
        );
        Err(Error::Configuration(text))
    }

    async fn subscribe(&self, callback: &'static str, _: CallbackHandler) -> Result<Subscription> {
        let service = &self.service.name;
        let text = format!("{service}: a service of a host has no callback {callback:?}");
        Err(Error::Configuration(text))
    }
}

impl Caller for BlockingHost {
    /// Blocks the thread in the first poll of the future, which is then ready.
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let Self(host) = self;
        if !may_block() {
            let text = format!(
                "{}/{}: this code runs on the plugin's runtime, which it would block: use the async \
                 client, or mark the method #[goplug::method(blocking)]",
                host.service.name, request.method
            );
            return Err(Error::Configuration(text));
        }
        let timeout = Host::timeout(&request);
        let deadline = Instant::now() + timeout;
        wait_until(host.exchange(&request, timeout, deadline), deadline.into())
            .unwrap_or_else(|| Err(host.deadline_error(&request, timeout)))
    }

    async fn call_stream(&self, request: CallRequest<'_>) -> Result<StreamedBody> {
        self.0.call_stream(request).await
    }

    async fn call_with_progress(
        &self,
        request: CallRequest<'_>,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> Result<Bytes> {
        self.0.call_with_progress(request, progress).await
    }

    async fn subscribe(
        &self,
        name: &'static str,
        handler: CallbackHandler,
    ) -> Result<Subscription> {
        self.0.subscribe(name, handler).await
    }
}

impl BlockingCaller for BlockingHost {}

/// Checks that a plugin has said that it calls this service.
///
/// # Errors
/// [`Error::Configuration`] says how.
fn check_declared<'a>(
    id: &PluginId,
    mut declared: impl Iterator<Item = &'a ServiceDescriptor>,
    name: &str,
) -> Result<()> {
    if declared.any(|declared| declared.name == name) {
        return Ok(());
    }
    Err(Error::Configuration(format!(
        "{id} calls the service {name:?} and does not declare it: write `needs({name})`, or \
         `wants({name})` if it can do without, in its #[goplug::plugin(…)]"
    )))
}
