//! Starts an instance: launches and activates it, then registers the callbacks with it.
//!
//! An instance takes calls only after that, so that a handler that was registered before a call
//! misses no callback of that call.

use std::sync::{Arc, Weak};

use tokio::time::{Instant, timeout_at};

use super::Supervisor;
use crate::error::{Error, Result};
use crate::host::callbacks;
use crate::host::instance::{Instance, Launch, OwnedInstance, start_error, unsupported};
use crate::host::plugin::reporter::PluginEvent;
use crate::host::task::OwnedTask;

/// An activated instance that has no callbacks registered yet.
pub(super) struct Launched {
    pub(super) instance: OwnedInstance,
    /// The end of the time that the start may take.
    deadline: Instant,
}

impl Supervisor {
    /// Starts and activates an instance, and registers the callbacks with it.
    pub(super) async fn start(&self) -> Result<OwnedInstance> {
        let launched = self.launch().await?;
        self.register_callbacks(launched).await
    }

    /// Starts and activates an instance.
    pub(super) async fn launch(&self) -> Result<Launched> {
        let (plugin, policy) = (&self.plugin, self.plugin.policy());
        if plugin.is_closing() {
            return Err(Error::Stopped);
        }
        // The reporter is released before the start, so that the registry can be dropped
        // meanwhile.
        let (installation, sockets) = {
            let reporter = self.reporter.upgrade().ok_or(Error::Stopped)?;
            let installation = plugin.installation().ok_or_else(|| Error::NotFound {
                id: plugin.id().clone(),
                folder: reporter.folder(),
                hint: None,
            })?;
            (installation, reporter.sockets())
        };
        if let Some(sandbox) = &policy.sandbox
            && let Some(gap) = unsupported(sandbox, &installation)?
        {
            self.report(PluginEvent::Unconfined(gap.into()));
        }
        let deadline = Instant::now() + policy.start_timeout;
        let (digests, host) = (&self.digests, plugin.callbacks().host_id());
        let launch = Launch { installation, policy, sockets: &sockets, digests, host, deadline };
        let instance = launch.start(plugin.closing()).await?;
        Ok(Launched { instance, deadline })
    }

    /// Registers the callbacks with a new instance. If that fails or takes too long, the instance
    /// takes calls all the same, and the registration is tried again in the background.
    ///
    /// # Errors
    /// The instance ended meanwhile.
    pub(super) async fn register_callbacks(&self, launched: Launched) -> Result<OwnedInstance> {
        let Launched { mut instance, deadline } = launched;
        let plugin = &self.plugin;
        let generation = plugin.callbacks().begin_generation();
        let task = self.receive_callbacks(Arc::clone(&instance.shared), generation);
        instance.receive_callbacks(generation, task);
        tokio::select! {
            _ = timeout_at(deadline, plugin.callbacks().wait_until_all_confirmed()) => {}
            () = plugin.closing() => {}
            exit = instance.wait() => return Err(start_error(plugin.id(), exit)),
        }
        instance.hand_over_socket();
        Ok(instance)
    }

    fn receive_callbacks(&self, instance: Arc<Instance>, generation: u64) -> OwnedTask {
        let callbacks = Arc::clone(self.plugin.callbacks());
        let (plugin, reporter) = (self.plugin.id().clone(), Weak::clone(&self.reporter));
        OwnedTask::spawn(callbacks::serve(instance, callbacks, generation, move |count| {
            if let Some(reporter) = reporter.upgrade() {
                reporter.report(&plugin, PluginEvent::CallbacksMissed(count));
            }
        }))
    }
}
