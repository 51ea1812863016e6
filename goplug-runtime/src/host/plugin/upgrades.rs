//! What replaces the instances of a plugin: one instance at a time, also of several upgrades, reloads and
//! configurations, and no further one from files that have failed.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::host::install::Installation;
use crate::transport::FileId;

/// The upgrades of one plugin, and what else replaces its instances.
pub(super) struct Upgrades {
    turn: Arc<Semaphore>,
    /// The last files that failed to replace an instance. They are not tried again.
    failed: Mutex<Option<UpgradeCandidate>>,
}

/// Files from which an instance may be replaced.
pub(super) struct UpgradeCandidate {
    pub(super) installation: Arc<Installation>,
    /// The program, if it is not the program of the current instance.
    pub(super) program: Option<FileId>,
}

impl UpgradeCandidate {
    /// Whether these are the same files, unchanged: not only equal, but from the same read.
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.installation, &other.installation) && self.program == other.program
    }
}

impl Default for Upgrades {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), failed: Mutex::default() }
    }
}

impl Upgrades {
    /// Begins an upgrade, which ends when the permit is dropped; `None` while another one goes on.
    pub(super) fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.turn.try_acquire().ok()
    }

    /// Begins what replaces all instances one after another, once nothing else does. It ends when the permit
    /// is dropped. Cancel safe.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).acquire_owned().await.ok()
    }

    /// Waits until no upgrade goes on. Cancel safe.
    pub(super) async fn idle(&self) {
        drop(self.turn.acquire().await);
    }

    /// Whether these files have failed before.
    pub(super) fn has_failed(&self, candidate: &UpgradeCandidate) -> bool {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().is_some_and(|failed| failed.is_same(candidate))
    }

    /// Has the files that have failed tried again.
    pub(super) fn forget_failed(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Notes that these files have failed.
    pub(super) fn fail(&self, candidate: UpgradeCandidate) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(candidate);
    }
}
