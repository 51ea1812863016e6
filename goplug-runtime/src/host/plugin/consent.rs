//! The permissions that a host has consented to: those that the plugin's processes were granted so far, and
//! those that the host has granted since.
//!
//! They count where the plugin's sandbox has `least_privilege`, and are kept for as long as the registry lives:
//! it keeps those of plugins that are gone.

use std::sync::{MutexGuard, PoisonError};

use super::command::{Command, Replacement};
use super::handle::Plugin;
use super::state::PluginState;
use crate::error::Result;
use crate::protocol::{Permission, Permissions};

impl PluginState {
    /// The permissions beyond those that the host has consented to. There are none before the plugin has run,
    /// unless the host has granted some: what its policy allows is the host's consent.
    pub(super) fn beyond_consent(&self, asked: &[Permission]) -> Vec<Permission> {
        let consented = self.consented_lock();
        let Some(consented) = &*consented else { return Vec::new() };
        let is_covered = |one: &Permission| consented.iter().any(|known| known.covers(one));
        asked.iter().filter(|one| !is_covered(one)).cloned().collect()
    }

    /// Notes the host's consent.
    pub(in crate::host) fn consent(&self, permissions: &[Permission]) {
        let mut consented = self.consented_lock();
        let known = consented.get_or_insert_default();
        for permission in permissions {
            if !known.iter().any(|one| one.covers(permission)) {
                known.retain(|one| !permission.covers(one));
                known.push(permission.clone());
            }
        }
    }

    /// What the host has consented to; `None` before the plugin has run and before the host has granted any.
    pub(in crate::host) fn consented(&self) -> Option<Vec<Permission>> {
        self.consented_lock().clone()
    }

    fn consented_lock(&self) -> MutexGuard<'_, Option<Vec<Permission>>> {
        self.consented.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plugin {
    /// What the plugin asks of its host beside services, as its `.pconf` says; nothing if there is none. Nothing
    /// withholds the rest from a plugin whose policy has no [`Sandbox`](crate::host::Sandbox) with
    /// [`least_privilege`](crate::host::Sandbox::least_privilege).
    pub fn requested_permissions(&self) -> Permissions {
        let installation = self.shared().installation();
        installation.map(|it| it.pconf.permissions().clone()).unwrap_or_default()
    }

    /// The permissions that the host has consented to: those that the plugin's processes were granted so far,
    /// and those of [`grant`](Self::grant). Empty unless the plugin's sandbox has
    /// [`least_privilege`](crate::host::Sandbox::least_privilege).
    pub fn granted_permissions(&self) -> Vec<Permission> {
        self.shared().consented().unwrap_or_default()
    }

    /// Consents to permissions, such as those of
    /// [`Event::PermissionsRequested`](crate::host::Event::PermissionsRequested), and makes the upgrade that has
    /// waited for it, if there is one. A plugin that does not run is not started; the next start has the
    /// permissions.
    ///
    /// The policy's sandbox stays the most that the plugin can be granted. The consent is for exactly these
    /// permissions: if the plugin asks for others by then, it still waits. It is kept for as long as the registry
    /// lives, also of the last [`limits::KEPT_CONSENTS`](crate::limits::KEPT_CONSENTS) plugins that were removed;
    /// with a new registry, what the sandbox allows at the first start is the consent. If this is called
    /// before that start, the consent is for these permissions alone, services included.
    ///
    /// Dropping the future does not take the consent back.
    ///
    /// # Errors
    /// The error of the upgrade: [`Error::ConsentRequired`](crate::Error::ConsentRequired) if the plugin asks for
    /// more than that.
    pub async fn grant(&self, permissions: &[Permission]) -> Result<()> {
        self.shared().check_maker()?;
        self.shared().consent(permissions);
        self.shared().command(Command::Replace(Replacement::Upgrade)).await
    }
}
