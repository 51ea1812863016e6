//! Registration: which host listens to which callbacks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::delivery::{CallbackStream, LegacyPoll};
use super::host::{Host, Origin, Presence};
use super::hub::{Hosts, Hub};
use crate::limits;
use crate::plugin::problems::{bad_request, stopping};
use crate::protocol::{InvalidName, Problem, ProblemKind, name, service};

/// A callback, and the hosts that listen to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredCallback {
    /// The wire name.
    pub name: String,
    /// The hosts, in the order of their first registration.
    pub hosts: Vec<RegisteredHost>,
}

/// A host that listens to a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegisteredHost {
    /// The token that identifies the host; `None` if it sends none.
    pub token: Option<String>,
    /// The version of the GoPlug protocol that the host speaks: 1 or 2.
    pub protocol: u32,
    /// Whether the host is connected. If it is not, it may come back within
    /// [`limits::CALLBACK_RESUME`], and callbacks that are sent in the meantime wait for it.
    pub connected: bool,
}

impl Hub {
    /// Opens a GoPlug 2 host's stream for these callbacks, which replaces the host's stream
    /// before it. An empty list of names unregisters the host.
    ///
    /// # Errors
    /// A problem if a name is not allowed, or if there are too many hosts.
    pub(in crate::plugin) fn open_stream(
        self: &Arc<Self>,
        token: Option<&str>,
        mut names: Vec<String>,
        last: Option<u64>,
    ) -> Result<CallbackStream, Problem> {
        for name in &names {
            check(name).map_err(|error| bad_request(error.to_string()))?;
        }
        names.sort_unstable();
        names.dedup();
        if names.len() > limits::MAX_LISTENED {
            let most = limits::MAX_LISTENED;
            return Err(bad_request(format!("a host listens to at most {most} callbacks")));
        }
        let mut hosts = self.lock();
        if hosts.closed {
            return Err(stopping());
        }
        let stream = if names.is_empty() {
            hosts.unregister(token);
            CallbackStream::empty()
        } else {
            let host = hosts.find_or_add(token)?;
            let reopened = host.reopen(names, last);
            let stream = CallbackStream::new(self.clone(), host.serial, host.generation);
            hosts.ended.push(reopened);
            stream
        };
        drop(hosts);
        self.changed.notify_waiters();
        Ok(stream)
    }

    /// Registers a GoPlug 1 host, and returns the wait for its next notification.
    /// Notifications that were sent since its last request wait for it, even if it comes back
    /// on another connection.
    ///
    /// A name that no callback can have is waited for as well, in vain: a host of the original
    /// exits when it is refused.
    ///
    /// # Errors
    /// A problem if there are too many hosts.
    pub(in crate::plugin) fn poll_legacy(
        self: &Arc<Self>,
        connection: u64,
        name: String,
    ) -> Result<LegacyPoll, Problem> {
        if name::check_callback(&name).is_err() {
            return Ok(LegacyPoll::never());
        }
        let mut hosts = self.lock();
        if hosts.closed {
            return Err(stopping());
        }
        let serial = match hosts.find_legacy(connection, &name) {
            Some(host) => {
                host.origin = Origin::Legacy(connection);
                host.presence = Presence::Connected;
                host.serial
            }
            None => {
                hosts.make_room()?;
                hosts.add(Origin::Legacy(connection), vec![name]).serial
            }
        };
        Ok(LegacyPoll::new(self.clone(), serial))
    }

    /// The callbacks that hosts listen to, sorted by name.
    pub(in crate::plugin) fn registered(&self) -> Vec<RegisteredCallback> {
        let mut by_name = BTreeMap::<&str, Vec<RegisteredHost>>::new();
        let hosts = self.lock();
        for host in &hosts.list {
            for name in host.names.iter().filter(|name| name::check_callback(name).is_ok()) {
                by_name.entry(name).or_default().push(RegisteredHost::from(host));
            }
        }
        by_name
            .into_iter()
            .map(|(name, hosts)| RegisteredCallback { name: name.into(), hosts })
            .collect()
    }
}

/// Checks the name of a callback, or the entry of a service.
fn check(name: &str) -> Result<(), InvalidName> {
    match service::service_of_entry(name)? {
        Some(_) => Ok(()),
        None => name::check_callback(name),
    }
}

impl From<&Host> for RegisteredHost {
    fn from(host: &Host) -> Self {
        let token = match &host.origin {
            Origin::Token(token) => Some(token.clone()),
            Origin::Anonymous | Origin::Legacy(_) => None,
        };
        let protocol = if matches!(host.origin, Origin::Legacy(_)) { 1 } else { 2 };
        Self { token, protocol, connected: host.presence == Presence::Connected }
    }
}

impl Hosts {
    fn unregister(&mut self, token: Option<&str>) {
        if let Some(token) = token {
            let is_meant = |host: &Host| host.origin.is_of(Some(token));
            self.list.iter_mut().filter(|host| is_meant(host)).for_each(Host::wake);
            self.remove(is_meant);
        }
    }

    fn find_or_add(&mut self, token: Option<&str>) -> Result<&mut Host, Problem> {
        let position = |token| self.list.iter().position(|host| host.origin.is_of(Some(token)));
        if let Some(index) = token.and_then(position) {
            return Ok(&mut self.list[index]);
        }
        self.make_room()?;
        let origin = token.map_or(Origin::Anonymous, |token| Origin::Token(token.into()));
        Ok(self.add(origin, Vec::new()))
    }

    /// The GoPlug 1 host that listens to this name on this connection, else the first such host
    /// whose connection has ended.
    fn find_legacy(&mut self, connection: u64, name: &str) -> Option<&mut Host> {
        let listens =
            |host: &Host| matches!(host.origin, Origin::Legacy(_)) && host.listens_to(name);
        let here = |host: &Host| host.origin == Origin::Legacy(connection) && listens(host);
        let absent = |host: &Host| host.presence != Presence::Connected && listens(host);
        let index = self.list.iter().position(here);
        let index = index.or_else(|| self.list.iter().position(absent));
        index.map(|index| &mut self.list[index])
    }

    /// Makes room for one more host by removing the oldest forgotten one, if necessary.
    ///
    /// # Errors
    /// A problem if there is no room and no host is forgotten.
    fn make_room(&mut self) -> Result<(), Problem> {
        if self.list.len() < limits::CALLBACK_HOSTS {
            return Ok(());
        }
        match self.list.iter().position(|host| host.presence == Presence::Forgotten) {
            Some(index) => {
                // It has no calls any more.
                self.list.remove(index);
                Ok(())
            }
            None => Err(Problem::new(
                ProblemKind::Internal,
                format!("{} hosts have callbacks registered already", limits::CALLBACK_HOSTS),
            )),
        }
    }
}
