//! Who handles what, whichever process the plugin runs as.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};

use crate::error::{Error, Result};
use crate::typed::CallbackHandler;

/// The handlers that are registered for one plugin, whichever process it runs as.
pub(in crate::host) struct Callbacks {
    registered: Mutex<Registered>,
    /// Counts the changes of that.
    changes: AtomicU64,
    /// The version of the list of names.
    pub(in crate::host) wanted: watch::Sender<u64>,
    /// The version that the plugin has confirmed, and why it has not, if so.
    confirmed: watch::Sender<Confirmation>,
    /// What tells this host from others at the plugin. It need not be unguessable, since the
    /// peer's user is checked, but distinct.
    pub(in crate::host) host: String,
    /// Handlers run one after the other, also those of two instances that overlap.
    pub(in crate::host) turn: Semaphore,
}

/// The handlers of one name, as they were at some time.
#[derive(Default)]
pub(super) struct Handlers {
    name: String,
    changes: u64,
    pub(super) list: Vec<CallbackHandler>,
}

impl Handlers {
    /// Lets go of them: one that is unregistered must not live on here.
    pub(super) fn clear(&mut self) {
        self.name.clear();
        self.list.clear();
    }
}

#[derive(Default)]
struct Registered {
    last_key: u64,
    by_name: BTreeMap<String, Vec<(u64, CallbackHandler)>>,
}

impl Registered {
    /// A number that nothing here has yet.
    fn next_key(&mut self) -> u64 {
        self.last_key += 1;
        self.last_key
    }
}

#[derive(Clone, Debug, Default)]
struct Confirmation {
    /// Which generation has confirmed it: of two that overlap, the newer one counts.
    generation: u64,
    version: u64,
    failure: Option<String>,
}

impl Callbacks {
    pub(in crate::host) fn new() -> Self {
        Self {
            registered: Mutex::default(),
            changes: AtomicU64::new(0),
            wanted: watch::Sender::new(0),
            confirmed: watch::Sender::default(),
            host: format!("{:016x}", RandomState::new().build_hasher().finish()),
            turn: Semaphore::new(1),
        }
    }

    /// Adds a handler. The first number removes it, the second is the version of the
    /// list that holds its name.
    pub(in crate::host) fn add(&self, name: &str, handler: CallbackHandler) -> (u64, u64) {
        let mut registered = self.lock();
        let key = registered.next_key();
        let of_name = registered.by_name.entry(name.into()).or_default();
        of_name.push((key, handler));
        self.changes.fetch_add(1, Ordering::Release);
        if of_name.len() == 1 {
            self.wanted.send_modify(|version| *version += 1);
        }
        (key, *self.wanted.borrow())
    }

    /// Removes one handler.
    pub(in crate::host) fn remove(&self, name: &str, key: u64) {
        self.retain(name, |other| other != key);
    }

    /// Removes every handler of a name.
    pub(in crate::host) fn remove_all(&self, name: &str) {
        self.retain(name, |_| false);
    }

    fn retain(&self, name: &str, keep: impl Fn(u64) -> bool) {
        let mut registered = self.lock();
        let Some(of_name) = registered.by_name.get_mut(name) else { return };
        of_name.retain(|(key, _)| keep(*key));
        self.changes.fetch_add(1, Ordering::Release);
        if of_name.is_empty() {
            registered.by_name.remove(name);
            self.wanted.send_modify(|version| *version += 1);
        }
    }

    /// Waits until the plugin knows of this version of the list. Cancel safe.
    pub(in crate::host) async fn confirmed(&self, version: u64) -> Result<()> {
        let mut confirmed = self.confirmed.subscribe();
        let reached = confirmed.wait_for(|c| c.version >= version).await;
        match reached.map(|confirmation| confirmation.failure.clone()) {
            Ok(None) => Ok(()),
            Ok(Some(failure)) => Err(Error::Protocol(failure)),
            Err(_) => Err(Error::Stopped),
        }
    }

    /// Begins a generation: an instance that knows of nothing yet.
    pub(in crate::host) fn begin_generation(&self) -> u64 {
        let generation = self.lock().next_key();
        self.confirmed.send_replace(Confirmation { generation, ..Confirmation::default() });
        generation
    }

    /// Goes back to the generation before, whose instance has outlived the newer one: it
    /// confirms again what it knows.
    pub(in crate::host) fn resume_generation(&self, generation: u64) {
        self.confirmed.send_replace(Confirmation { generation, ..Confirmation::default() });
        self.wanted.send_modify(|version| *version += 1);
    }

    /// Waits until the plugin knows of the whole list. Cancel safe.
    pub(in crate::host) async fn settled(&self) -> Result<()> {
        loop {
            let version = *self.wanted.borrow();
            self.confirmed(version).await?;
            if version == *self.wanted.borrow() {
                return Ok(());
            }
        }
    }

    /// Notes that the plugin knows of this version, or why not. A generation that was replaced
    /// is not heard any more.
    pub(in crate::host) fn confirm(&self, generation: u64, version: u64, failure: Option<String>) {
        self.confirmed.send_if_modified(|confirmed| {
            let newest = confirmed.generation == generation;
            if newest {
                *confirmed = Confirmation { generation, version, failure };
            }
            newest
        });
    }

    pub(in crate::host) fn names(&self) -> Vec<String> {
        self.lock().by_name.keys().cloned().collect()
    }

    /// Brings the handlers of this name up to date.
    pub(super) fn look_up(&self, name: &str, handlers: &mut Handlers) {
        if handlers.name == name && self.are_current(handlers) {
            return;
        }
        name.clone_into(&mut handlers.name);
        handlers.list.clear();
        let registered = self.lock();
        handlers.changes = self.changes.load(Ordering::Acquire);
        if let Some(of_name) = registered.by_name.get(name) {
            handlers.list.extend(of_name.iter().map(|(_, handler)| handler.clone()));
        }
    }

    /// Whether these are still the handlers of their name: no handler has come or gone.
    #[inline]
    pub(super) fn are_current(&self, handlers: &Handlers) -> bool {
        handlers.changes == self.changes.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Registered> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
