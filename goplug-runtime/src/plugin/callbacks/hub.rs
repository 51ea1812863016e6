//! The callbacks of one plugin: all its hosts behind one lock.

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::host::{Ended, Host, Origin};

/// The callbacks of one plugin.
#[derive(Debug)]
pub(in crate::plugin) struct Hub {
    hosts: Mutex<Hosts>,
    /// Notified when a host has taken a callback, has gone, or has come, so that callers that
    /// wait for room try again.
    pub(super) changed: Arc<Notify>,
    /// How long a host whose stream broke is remembered.
    pub(super) resume: Duration,
    /// How many bytes the answer of a host may have.
    pub(super) body_limit: usize,
    /// The part of the server that reads streams of replies.
    reply_reader: OnceLock<&'static (dyn Any + Send + Sync)>,
}

/// All hosts of one plugin.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// In the order of their first registration.
    pub(super) list: Vec<Host>,
    last_serial: u64,
    /// Hosts without a token share one numbering, so that an id is enough for a reply.
    pub(super) last_anonymous_id: u64,
    /// Whether the plugin takes no further callbacks.
    pub(super) closed: bool,
    /// What is dropped once the hosts are unlocked.
    pub(super) ended: Vec<Ended>,
}

/// Locked hosts.
pub(super) struct HostsGuard<'a> {
    hosts: MutexGuard<'a, Hosts>,
    /// Behind the guard, so that it is dropped without the lock: that wakes tasks of the user's, and a
    /// task that is woken may run or be dropped at once.
    ended: Vec<Ended>,
}

impl Deref for HostsGuard<'_> {
    type Target = Hosts;
    #[inline]
    fn deref(&self) -> &Hosts {
        &self.hosts
    }
}

impl DerefMut for HostsGuard<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Hosts {
        &mut self.hosts
    }
}

impl Drop for HostsGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.hosts.ended.is_empty() {
            self.ended = std::mem::take(&mut self.hosts.ended);
        }
    }
}

impl Hub {
    pub(in crate::plugin) fn new(resume: Duration, body_limit: usize) -> Self {
        Self {
            hosts: Mutex::default(),
            changed: Arc::default(),
            resume,
            body_limit,
            reply_reader: OnceLock::new(),
        }
    }

    /// Notes what reads streams of replies. Only the code that calls services names it, so that the
    /// linker drops it from all other plugins.
    pub(in crate::plugin) fn set_reply_reader(&self, reader: &'static (dyn Any + Send + Sync)) {
        // Every caller names the same.
        self.reply_reader.get_or_init(|| reader);
    }

    /// Whether the plugin has called a service, so that streams of replies are read.
    #[cfg(feature = "remote")]
    pub(in crate::plugin) fn reads_replies(&self) -> bool {
        self.reply_reader.get().is_some()
    }

    /// What reads streams of replies, once the plugin has called a service.
    pub(in crate::plugin) fn reply_reader<T: Any>(&self) -> Option<&'static T> {
        self.reply_reader.get()?.downcast_ref()
    }

    /// The hosts, without those that stayed away for too long.
    #[inline]
    pub(super) fn lock(&self) -> HostsGuard<'_> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hosts = HostsGuard { hosts, ended: Vec::new() };
        hosts.forget_absent(self.resume);
        hosts
    }

    /// Takes no further callbacks, and ends every wait for room or for a reply. A stream ends
    /// once its host has taken what waits for it.
    pub(in crate::plugin) fn close(&self) {
        let mut hosts = self.lock();
        hosts.closed = true;
        let Hosts { list, ended, .. } = &mut *hosts;
        for host in list {
            ended.push(host.end_calls());
            host.wake();
        }
        drop(hosts);
        self.changed.notify_waiters();
    }
}

impl Hosts {
    pub(super) fn get(&mut self, serial: u64) -> Option<&mut Host> {
        self.list.iter_mut().find(|host| host.serial == serial)
    }

    pub(super) fn add(&mut self, origin: Origin, names: Vec<String>) -> &mut Host {
        self.last_serial += 1;
        self.list.push(Host::new(self.last_serial, origin, names));
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    #[inline]
    fn forget_absent(&mut self, resume: Duration) {
        if self.list.iter().any(|host| host.forgotten_at(resume).is_some()) {
            self.forget_overdue(resume);
        }
    }

    #[cold]
    fn forget_overdue(&mut self, resume: Duration) {
        let is_due = |host: &Host| host.forgotten_at(resume).is_some_and(|at| at <= Instant::now());
        self.remove(|host| matches!(host.origin, Origin::Legacy(_)) && is_due(host));
        let Self { list, ended, .. } = self;
        ended.extend(list.iter_mut().filter(|host| is_due(host)).map(Host::forget));
    }

    /// Removes these hosts.
    pub(super) fn remove(&mut self, is_gone: impl Fn(&Host) -> bool) {
        let gone = self.list.extract_if(.., |host| is_gone(host));
        self.ended.extend(gone.map(|mut host| host.end_calls()));
    }
}
