//! What the next process of a plugin is granted, of what the plugin asks for.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use tokio::time::Instant;

use super::Supervisor;
use crate::error::{Error, Result};
use crate::host::disk;
use crate::host::install::Installation;
use crate::host::instance::Grant;
use crate::host::plugin::event::PluginEvent;
use crate::host::policy::{OnDenied, Policy};
use crate::limits;
use crate::protocol::Permission;

impl Supervisor {
    /// The policy with what is asked and allowed in place of what it allows, and what that is; the policy itself
    /// if it does not grant by asking.
    ///
    /// # Errors
    /// [`Error::PermissionsDenied`] if something that is asked is not granted, [`Error::ConsentRequired`] if the
    /// host has not consented to it, [`Error::Start`] if the paths do not answer by the deadline,
    /// [`Error::Stopped`] if the plugin is to be stopped for good.
    pub(super) async fn grant<'p>(
        &self,
        policy: Cow<'p, Policy>,
        installation: &Arc<Installation>,
        deadline: Instant,
    ) -> Result<(Cow<'p, Policy>, Option<Vec<Permission>>)> {
        if !policy.sandbox.as_ref().is_some_and(|sandbox| sandbox.least_privilege) {
            return Ok((policy, None));
        }
        let id = self.plugin.id();
        let looking = self.look_at_asked_paths(policy.clone().into_owned(), installation, deadline);
        let looked = tokio::select! {
            looked = looking => looked.map_err(|error| Error::Start {
                id: id.clone(),
                reason: format!("the paths that it asks for could not be looked at: {error}"),
                stderr: Vec::new(),
            })?,
            () = self.plugin.closing() => return Err(Error::Stopped),
        };
        let Some(grant) = looked else { return Ok((policy, None)) };
        let Grant { policy, granted, denied: permissions, reasons, on_denied } = grant;
        if !permissions.is_empty() && on_denied == OnDenied::Refuse {
            return Err(Error::PermissionsDenied { id: id.clone(), permissions, reasons });
        }
        let beyond = self.plugin.beyond_consent(&granted);
        if !beyond.is_empty() {
            // It is about the plugin, whichever of its processes is to be replaced.
            self.plugin.plugin().report(PluginEvent::PermissionsRequested(beyond.clone()));
            return Err(Error::ConsentRequired { id: id.clone(), permissions: beyond });
        }
        if !permissions.is_empty() {
            self.report(PluginEvent::PermissionsDenied(permissions, reasons));
        }
        Ok((Cow::Owned(policy), Some(granted)))
    }

    /// Looks at the paths, each of which may be on a dead mount. A look that did not answer is waited for before
    /// there is another, so that attempts leave no more than one thread behind.
    async fn look_at_asked_paths(
        &self,
        policy: Policy,
        installation: &Arc<Installation>,
        deadline: Instant,
    ) -> io::Result<Option<Grant>> {
        let Some(looking) = self.looks.begin(self.plugin.id().to_string().into()) else {
            let text = "the file system has not answered since an earlier start";
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        };
        let installation = Arc::clone(installation);
        let limit = deadline.saturating_duration_since(Instant::now()).min(limits::FOLDER_TIMEOUT);
        let look = move || {
            let _until_it_answers = looking;
            Grant::of(&policy, &installation)
        };
        disk::run_within(limit, look).await
    }

    /// Makes the upgrade that has waited for the host's consent. Does nothing if the plugin does not run, or runs
    /// what is installed. If it is tried again later, so is that of the further slots.
    pub(super) async fn upgrade_with_consent(&mut self) -> Result<()> {
        let Some(installation) = self.plugin.installation() else { return Ok(()) };
        let Some(candidate) = self.upgrade_candidate(installation) else { return Ok(()) };
        // It has failed for want of consent.
        self.plugin.upgrades.forget_failed();
        let upgraded = self.upgrade(candidate).await;
        if upgraded.as_ref().is_err_and(|failed| failed.retry_at.is_some()) {
            self.plugin.recheck_behind(self.plugin.index());
        }
        upgraded.map_err(|failed| failed.error.into())
    }
}
