//! Registration: hosts say what they want to hear.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::take::{CallbackEvents, LegacyPoll};
use super::{Host, Hub, Link, Origin, State};
use crate::limits;
use crate::plugin::lifecycle::stopping;
use crate::plugin::request::bad_request;
use crate::protocol::{Problem, ProblemKind, name};

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
pub struct RegisteredHost {
    /// The token by which the host tells itself from others; a host need not have one.
    pub token: Option<String>,
    /// The protocol that it speaks: 1 or 2.
    pub protocol: u32,
    /// Whether it is there. One that is not may come back within
    /// [`limits::CALLBACK_RESUME`], and what is sent meanwhile waits for it.
    pub connected: bool,
}

impl Hub {
    /// Opens a GoPlug 2 host's stream for these callbacks, in place of the one that it may
    /// have. No names at all unregister the host.
    ///
    /// # Errors
    /// A problem where a name is not allowed, or there are too many hosts.
    pub(in crate::plugin) fn open(
        self: &Arc<Self>,
        token: Option<&str>,
        mut names: Vec<String>,
        last: Option<u64>,
    ) -> Result<CallbackEvents, Problem> {
        for name in &names {
            name::check_callback(name).map_err(|error| bad_request(error.to_string()))?;
        }
        names.sort_unstable();
        names.dedup();
        let mut state = self.lock();
        if state.closed {
            return Err(stopping());
        }
        let events = if names.is_empty() {
            state.unregister(token);
            CallbackEvents::ended()
        } else {
            let host = state.enter(token)?;
            host.reopen(names, last);
            CallbackEvents::new(self.clone(), host.serial, host.generation)
        };
        drop(state);
        self.changed.notify_waiters();
        Ok(events)
    }

    /// Waits for the next notification of a GoPlug 1 host. What was sent since its last
    /// request waits for it, also if it comes back on another connection.
    ///
    /// # Errors
    /// A problem where the name is not allowed, or there are too many hosts.
    pub(in crate::plugin) fn poll_legacy(
        self: &Arc<Self>,
        connection: u64,
        name: String,
    ) -> Result<LegacyPoll, Problem> {
        name::check_callback(&name).map_err(|error| bad_request(error.to_string()))?;
        let mut state = self.lock();
        if state.closed {
            return Err(stopping());
        }
        let serial = match state.legacy_host(connection, &name) {
            Some(host) => {
                host.origin = Origin::Legacy(connection);
                host.link = Link::Connected;
                host.serial
            }
            None => {
                state.make_room()?;
                state.add(Origin::Legacy(connection), vec![name]).serial
            }
        };
        Ok(LegacyPoll::new(self.clone(), serial))
    }

    /// Who listens to what, sorted by name.
    pub(in crate::plugin) fn registered(&self) -> Vec<RegisteredCallback> {
        let mut by_name = BTreeMap::<&str, Vec<RegisteredHost>>::new();
        let state = self.lock();
        for host in &state.hosts {
            for name in &host.names {
                by_name.entry(name).or_default().push(RegisteredHost::from(host));
            }
        }
        by_name
            .into_iter()
            .map(|(name, hosts)| RegisteredCallback { name: name.into(), hosts })
            .collect()
    }
}

impl From<&Host> for RegisteredHost {
    fn from(host: &Host) -> Self {
        let token = match &host.origin {
            Origin::Token(token) => Some(token.clone()),
            Origin::Anonymous | Origin::Legacy(_) => None,
        };
        let protocol = if matches!(host.origin, Origin::Legacy(_)) { 1 } else { 2 };
        Self { token, protocol, connected: host.link == Link::Connected }
    }
}

impl State {
    fn unregister(&mut self, token: Option<&str>) {
        if let Some(token) = token {
            for host in self.hosts.iter_mut().filter(|host| is_token(host, token)) {
                host.wake();
            }
            self.hosts.retain(|host| !is_token(host, token));
        }
    }

    fn enter(&mut self, token: Option<&str>) -> Result<&mut Host, Problem> {
        let known = token.and_then(|token| self.hosts.iter().position(|h| is_token(h, token)));
        if let Some(index) = known {
            return Ok(&mut self.hosts[index]);
        }
        self.make_room()?;
        let origin = token.map_or(Origin::Anonymous, |token| Origin::Token(token.into()));
        Ok(self.add(origin, Vec::new()))
    }

    /// The host that asks on this connection, or one that asked on a connection that is gone.
    fn legacy_host(&mut self, connection: u64, name: &str) -> Option<&mut Host> {
        let asks = |host: &Host| match host.origin {
            Origin::Legacy(other) => host.listens_to(name).then_some(other == connection),
            Origin::Token(_) | Origin::Anonymous => None,
        };
        let here = self.hosts.iter().position(|host| asks(host) == Some(true));
        let gone =
            || self.hosts.iter().position(|h| asks(h).is_some() && h.link != Link::Connected);
        here.or_else(gone).map(|index| &mut self.hosts[index])
    }

    /// Makes room for one more host, at the cost of the oldest that is forgotten.
    fn make_room(&mut self) -> Result<(), Problem> {
        if self.hosts.len() < limits::CALLBACK_HOSTS {
            return Ok(());
        }
        match self.hosts.iter().position(|host| host.link == Link::Forgotten) {
            Some(index) => {
                self.hosts.remove(index);
                Ok(())
            }
            None => Err(Problem::new(
                ProblemKind::Internal,
                format!("{} hosts have callbacks registered already", limits::CALLBACK_HOSTS),
            )),
        }
    }
}

fn is_token(host: &Host, token: &str) -> bool {
    matches!(&host.origin, Origin::Token(other) if other == token)
}
