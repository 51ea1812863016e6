//! Starts an instance: launches its process, registers the callbacks with it, and activates it.
//!
//! The callbacks are registered before the activation, which may call some of them. The instance
//! takes calls only once all are registered, so that a handler that was registered before a call
//! misses no callback of that call.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::Supervisor;
use crate::error::{Error, Result};
use crate::host::callbacks::{self, CallbackPeer, Services};
use crate::host::disk;
use crate::host::instance::{
    Launch, OwnedInstance, StartCause, StartError, StartingInstance, start_error, unsupported,
};
use crate::host::plugin::contracts::Clients;
use crate::host::plugin::event::PluginEvent;
use crate::host::plugin::services::Needs;
use crate::host::policy::Policy;
use crate::host::task::OwnedTask;
use crate::limits;
use crate::panic::contained;
use crate::protocol::Dialect;

/// An activated instance, which may lack callbacks that were registered meanwhile.
struct Launched {
    instance: OwnedInstance,
    /// The end of the time that the start may take.
    deadline: Instant,
}

/// The task that receives the callbacks of a process.
struct Receiver {
    generation: u64,
    task: OwnedTask,
}

impl Supervisor {
    /// Starts an instance, registers the callbacks with it, and activates it.
    ///
    /// # Errors
    /// [`Error::Contract`] if it does not offer what the clients need that were made while there was
    /// no instance.
    pub(super) async fn start(&self) -> Result<OwnedInstance, StartError> {
        self.start_for_clients(Clients::New).await
    }

    /// Starts an instance that takes the place of another.
    ///
    /// # Errors
    /// As [`Supervisor::start`], but for all clients.
    pub(super) async fn start_successor(&self) -> Result<OwnedInstance, StartError> {
        self.start_for_clients(Clients::All).await
    }

    /// Starts an instance, and stops it again if it does not offer what these clients need. Of several
    /// instances, the error says which.
    async fn start_for_clients(&self, clients: Clients) -> Result<OwnedInstance, StartError> {
        let started = self.start_checked(clients).await;
        started.map_err(|error| error.map(|error| of_instance(error, self.plugin.number())))
    }

    async fn start_checked(&self, clients: Clients) -> Result<OwnedInstance, StartError> {
        let launched = match self.launch().await {
            Ok(launched) => launched,
            Err(error) => {
                self.note_folders(&error).await;
                return Err(error);
            }
        };
        let checked = self.plugin.check_contracts(&launched.instance.shared, clients).await;
        if let Err(error) = checked {
            return Err(self.stop_refused(launched.instance, error).await.into());
        }
        self.complete(launched).await
    }

    /// Stops an instance that cannot be used for this reason. Returns the reason.
    async fn stop_refused(&self, instance: OwnedInstance, reason: Error) -> Error {
        if let Err(survivor) = instance.stop(self.plugin.policy().stop_timeout).await {
            self.report_survivor(&survivor);
        }
        reason
    }

    /// Notes who may write the folders of a program that is rejected: it is looked at for that too.
    async fn note_folders(&self, error: &StartError) {
        let program = self.plugin.program();
        let Some(program) = program.filter(|_| matches!(error.error, Error::Rejected { .. }))
        else {
            return;
        };
        // Folders that do not answer are not what is wrong.
        let look = disk::run_within(limits::FOLDER_TIMEOUT / 5, move || program.with_folders());
        if let Ok(program) = look.await {
            self.plugin.note_program(Some(program));
        }
    }

    /// The error that no `.pconf` describes the plugin.
    pub(super) fn not_found(&self) -> Error {
        let Some(reporter) = self.reporter.upgrade() else { return Error::Stopped };
        Error::NotFound { id: self.plugin.id().clone(), folder: reporter.folder(), hint: None }
    }

    /// Starts an instance, registers the callbacks that there are, and activates it.
    async fn launch(&self) -> Result<Launched, StartError> {
        let plugin = &self.plugin;
        if plugin.is_closing() {
            return Err(Error::Stopped.into());
        }
        // The reporter is released before the start, so that the registry can be dropped
        // meanwhile.
        let (installation, sockets, policy, services) = {
            let reporter = self.reporter.upgrade().ok_or(Error::Stopped)?;
            let installation = plugin.installation().ok_or_else(|| self.not_found())?;
            let policy = self.next_policy(&installation, &*reporter)?;
            let services = plugin.services(&Needs::of_pconf(&installation.pconf), &*reporter)?;
            (installation, reporter.sockets(), policy, services)
        };
        let deadline = Instant::now() + policy.start_timeout;
        let (policy, granted) = self.grant(policy, &installation, deadline).await?;
        let policy = &*policy;
        if policy.instances > 1 && installation.command().is_none() {
            let (plugin, wanted) = (plugin.id(), policy.instances);
            contained(|| {
                tracing::warn!(
                    target: "goplug::supervisor", %plugin,
                    "its policy says {wanted} instances; it has one, since another process starts it"
                );
            });
        }
        if let Some(sandbox) = &policy.sandbox
            && let Some(gap) = unsupported(sandbox, &installation)?
        {
            self.report(PluginEvent::Unconfined(gap.into()));
        }
        let (digests, host) = (&self.digests, plugin.callbacks().host_id());
        let (sockets, refused) = (&*sockets, &plugin.refused);
        let launch = Launch { installation, policy, sockets, digests, refused, host, deadline };
        let starting = launch.start(plugin.closing()).await?;
        let mut instance = self.activate(starting, policy, deadline, services).await?;
        instance.granted = granted;
        Ok(Launched { instance, deadline })
    }

    async fn activate(
        &self,
        starting: StartingInstance,
        policy: &Policy,
        deadline: Instant,
        services: Services,
    ) -> Result<OwnedInstance, StartError> {
        let plugin = &self.plugin;
        let installation = Arc::clone(starting.installation());
        let endpoint = Arc::clone(starting.endpoint());
        let (limit, counter) = (policy.call_timeout, Arc::clone(&plugin.statistics) as _);
        let warnings = Arc::clone(plugin.warnings());
        let peer = CallbackPeer::new(installation, endpoint, limit, services, counter, warnings);
        let peer = Arc::new(peer);
        // What a plugin of the original GoPlug makes of a registration before its activation is not
        // known, and nothing but the answer to the activation tells what a `.pconf` without
        // `Protocol` stands for.
        let is_goplug_2 = starting.installation().pconf.protocol() >= 2;
        let mut receiver = is_goplug_2.then(|| self.receive_callbacks(&peer, Dialect::GoPlug2));
        let (starting, refusal) =
            self.register_early(starting, &peer, &mut receiver, deadline).await?;
        let activated = starting.activate(policy, deadline, plugin.closing()).await;
        let (mut instance, has_moved) = activated.map_err(|error| {
            let error = while_handling(error, peer.handling());
            error.map(|error| after_refusal(error, refusal.as_ref()))
        })?;
        peer.set_active(&instance.shared);
        let dialect = instance.shared.dialect();
        let descriptor = instance.shared.descriptor();
        if !(descriptor.needs.is_empty() && descriptor.wants.is_empty()) {
            instance.shared.set_host(plugin.callbacks().host_id());
        }
        let has_more = match self.add_services(&peer, &instance) {
            Ok(has_more) => has_more,
            Err(error) => {
                return Err(self.stop_refused(instance, error).await.into());
            }
        };
        if has_more {
            plugin.callbacks().register_again();
        } else if let (Some(_), Some(Receiver { generation, .. })) = (&refusal, &receiver) {
            plugin.callbacks().retry_refused(*generation);
        }
        let Receiver { generation, task } = match receiver.take() {
            Some(receiver) if dialect == Dialect::GoPlug2 && !has_moved => receiver,
            _ => self.receive_callbacks(&peer, dialect),
        };
        instance.receive_callbacks(generation, task);
        Ok(instance)
    }

    /// Adds the services that the `.pconf` has not named and the answer to the activation does.
    /// Returns whether there are any.
    ///
    /// # Errors
    /// [`Error::NotProvided`] if nothing fulfils one of them; the process is stopped then.
    fn add_services(&self, peer: &CallbackPeer, instance: &OwnedInstance) -> Result<bool> {
        let announced = Needs::of_pconf(&instance.installation.pconf);
        let Some(more) = Needs::of_descriptor(instance.shared.descriptor()).beyond(&announced)
        else {
            return Ok(false);
        };
        if self.plugin.policy().sandbox.as_ref().is_some_and(|sandbox| sandbox.least_privilege)
            && let Some(service) = more.needs.iter().chain(&more.wants).next()
        {
            let reason =
                "its .pconf does not name it, and its sandbox grants only what that asks for";
            return Err(Error::NotProvided {
                id: self.plugin.id().clone(),
                service: service.name.clone(),
                reason: reason.into(),
            });
        }
        let reporter = self.reporter.upgrade().ok_or(Error::Stopped)?;
        let services = self.plugin.services(&Needs::of_descriptor(&more), &*reporter)?;
        let has_any = !services.is_empty();
        peer.add_services(services);
        Ok(has_any)
    }

    /// Has a plugin that is not active register the callbacks, if there are any. It need not do that:
    /// then the registration is made again after the activation. Returns why it refused.
    async fn register_early(
        &self,
        mut starting: StartingInstance,
        peer: &Arc<CallbackPeer>,
        receiver: &mut Option<Receiver>,
        deadline: Instant,
    ) -> Result<(StartingInstance, Option<Error>), StartError> {
        let callbacks = self.plugin.callbacks();
        while let Some(Receiver { generation, .. }) = receiver
            && (!callbacks.is_empty() || peer.has_services())
        {
            let (generation, is_child) = (*generation, starting.is_child());
            let registering = async {
                let now = Instant::now();
                let wait = limits::EARLY_REGISTRATION_TIMEOUT.min((deadline - now) / 2);
                let registered = async {
                    // A process that has just begun may be out of reach for a moment.
                    match is_child {
                        true => callbacks.wait_until_all_answered(generation).await,
                        false => callbacks.wait_until_all_confirmed(generation).await,
                    }
                };
                timeout_at(now + wait, registered).await.ok()?.err()
            };
            let (prepared, registered) =
                starting.prepare(registering, self.plugin.closing()).await?;
            starting = prepared;
            match registered {
                Some(refusal) => return Ok((starting, refusal)),
                None => *receiver = Some(self.receive_callbacks(peer, Dialect::GoPlug2)),
            }
        }
        Ok((starting, None))
    }

    /// Waits until a new instance has registered all callbacks. If that fails or takes too long, the
    /// instance takes calls all the same, and the registration is tried again in the background.
    ///
    /// # Errors
    /// The instance ended meanwhile.
    async fn complete(&self, launched: Launched) -> Result<OwnedInstance, StartError> {
        let Launched { mut instance, deadline } = launched;
        let plugin = &self.plugin;
        let Some(generation) = instance.callback_generation() else { return Ok(instance) };
        let registered = plugin.callbacks().wait_until_all_confirmed(generation);
        tokio::select! {
            biased;
            _ = timeout_at(deadline, registered) => {}
            () = plugin.closing() => {}
            exit = instance.wait() => return Err(start_error(plugin.id(), exit)),
        }
        instance.hand_over_socket();
        Ok(instance)
    }

    fn receive_callbacks(&self, peer: &Arc<CallbackPeer>, dialect: Dialect) -> Receiver {
        let (peer, callbacks) = (Arc::clone(peer), Arc::clone(self.plugin.callbacks()));
        let generation = callbacks.begin_generation(self.plugin.index());
        let slot = self.plugin.downgrade();
        let on_missed = move |count| {
            let Some(slot) = slot.upgrade() else { return };
            slot.warnings().log("callbacks are missed", || {
                let (plugin, instance) = (slot.id(), slot.number());
                tracing::warn!(target: "goplug::callbacks", %plugin, instance, count, "callbacks are missed");
            });
            slot.report(PluginEvent::CallbacksMissed(count));
        };
        let receiving = callbacks::serve(peer, dialect, callbacks, generation, on_missed);
        Receiver { generation, task: OwnedTask::spawn(receiving) }
    }
}

/// The error of a start that is that of one of several instances.
fn of_instance(error: Error, instance: Option<usize>) -> Error {
    match (error, instance) {
        (Error::Start { id, reason, stderr }, Some(instance)) => {
            Error::Start { id, reason: format!("instance {instance}: {reason}"), stderr }
        }
        (error, _) => error,
    }
}

/// The error of an activation that failed after the plugin had refused to register callbacks: that
/// may be the reason of both.
fn after_refusal(error: Error, refusal: Option<&Error>) -> Error {
    match (error, refusal) {
        (Error::Start { id, reason, stderr }, Some(refusal)) => {
            let reason =
                format!("{reason}; before that, it refused to register callbacks: {refusal}");
            Error::Start { id, reason, stderr }
        }
        (error, _) => error,
    }
}

/// The error of an activation that took too long while a handler of this host ran.
fn while_handling(error: StartError, callback: Option<String>) -> StartError {
    let (StartCause::TimedOut, Some(callback)) = (error.cause, callback) else { return error };
    error.map(|error| match error {
        Error::Start { id, reason, stderr } => {
            let reason = format!(
                "{reason}; this host's own handler of its callback {callback} has not returned, and \
                 the activation may be waiting for it"
            );
            Error::Start { id, reason, stderr }
        }
        other => other,
    })
}
