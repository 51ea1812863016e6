//! What the next process of a plugin is granted, of what the plugin asks for.

use std::borrow::Cow;
use std::sync::Arc;

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
    /// host has not consented to it.
    pub(super) async fn grant<'p>(
        &self,
        policy: Cow<'p, Policy>,
        installation: &Arc<Installation>,
    ) -> Result<(Cow<'p, Policy>, Option<Vec<Permission>>)> {
        if !policy.sandbox.as_ref().is_some_and(|sandbox| sandbox.least_privilege) {
            return Ok((policy, None));
        }
        let id = self.plugin.id();
        // Paths are looked at, which may be on a dead mount.
        let (given, asking) = (policy.clone().into_owned(), Arc::clone(installation));
        let looking =
            disk::run_within(limits::FOLDER_TIMEOUT, move || Grant::of(&given, &asking)).await;
        let looked = looking.map_err(|error| Error::Start {
            id: id.clone(),
            reason: format!("the paths that it asks for could not be looked at: {error}"),
            stderr: Vec::new(),
        })?;
        let Some(grant) = looked else { return Ok((policy, None)) };
        let Grant { policy, granted, denied: permissions, reasons, on_denied } = grant;
        if !permissions.is_empty() && on_denied == OnDenied::Refuse {
            return Err(Error::PermissionsDenied { id: id.clone(), permissions, reasons });
        }
        let beyond = self.plugin.beyond_consent(&granted);
        if !beyond.is_empty() {
            // It is about the plugin, whichever of its processes is to be replaced.
            self.plugin.report(PluginEvent::PermissionsRequested(beyond.clone()));
            return Err(Error::ConsentRequired { id: id.clone(), permissions: beyond });
        }
        if !permissions.is_empty() {
            self.report(PluginEvent::PermissionsDenied(permissions, reasons));
        }
        Ok((Cow::Owned(policy), Some(granted)))
    }

    /// Makes the upgrade that has waited for the host's consent. Does nothing if the plugin does not run, or runs
    /// what is installed.
    pub(super) async fn upgrade_with_consent(&mut self) -> Result<()> {
        let (Some(current), Some(installation)) = (&self.current, self.plugin.installation())
        else {
            return Ok(());
        };
        let is_current = Arc::ptr_eq(&current.installation, &installation)
            && self.plugin.newer_program().is_none();
        if is_current || !current.can_be_replaced() {
            return Ok(());
        }
        self.replace(None).await.map_err(|failed| failed.error.into())
    }
}
