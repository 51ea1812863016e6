//! How a host treats a plugin: what it waits for, what it accepts, what it passes on.
//!
//! A registry has one policy for all its plugins, and further ones for plugins that need
//! another.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

use bytes::Bytes;

use super::{HealthCheck, Resources, Restart, Sandbox};
use crate::limits;
use crate::protocol::PluginId;

/// Variables of the host's environment that a plugin gets unless told otherwise:
/// where things are, and how output looks. Secrets usually live in others.
const PASSED_ON: [&str; 12] = [
    "HOME",
    "LANG",
    "LC_ALL",
    "LOGNAME",
    "PATH",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SHELL",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
];

/// How a host treats a plugin. Every deadline and bound is here, with its default; none is
/// longer than [`limits::MAX_DURATION`].
///
/// [`RegistryBuilder::policy`](crate::host::RegistryBuilder::policy) sets what holds for every
/// plugin of a registry, [`RegistryBuilder::plugin`](crate::host::RegistryBuilder::plugin) what
/// holds for one.
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example() -> goplug::Result<()> {
/// let registry = goplug::Registry::builder("plugins")
///     .policy(|policy| policy.call_timeout(Duration::from_secs(5)))
///     .plugin("Indexer", "acme", |policy| policy.call_timeout(Duration::from_secs(600)))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a policy does nothing unless it is given to a registry"]
pub struct Policy {
    pub(in crate::host) call_timeout: Duration,
    pub(in crate::host) start_timeout: Duration,
    pub(in crate::host) stop_timeout: Duration,
    pub(in crate::host) body_limit: usize,
    pub(in crate::host) environment: BTreeMap<OsString, OsString>,
    pub(in crate::host) resources: Resources,
    pub(in crate::host) sandbox: Option<Sandbox>,
    pub(in crate::host) configuration: Bytes,
    pub(in crate::host) restart: Restart,
    pub(in crate::host) health: Option<HealthCheck>,
    pub(in crate::host) idle_stop: Option<Duration>,
    pub(in crate::host) drain: Duration,
    pub(in crate::host) busy_poll: Duration,
}

impl Default for Policy {
    /// The defaults of [`limits`], and a short list of this process's environment.
    fn default() -> Self {
        let environment = PASSED_ON
            .iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
            .collect();
        Self {
            call_timeout: limits::CALL_TIMEOUT,
            start_timeout: limits::START_TIMEOUT,
            stop_timeout: limits::STOP_TIMEOUT,
            body_limit: limits::MAX_BODY,
            environment,
            resources: Resources::new(),
            sandbox: None,
            configuration: Bytes::new(),
            restart: Restart::default(),
            health: None,
            idle_stop: None,
            drain: limits::DRAIN_TIMEOUT,
            busy_poll: Duration::ZERO,
        }
    }
}

impl Policy {
    /// How long a call may take if its caller names no timeout; [`limits::CALL_TIMEOUT`] unless
    /// set.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout.min(limits::MAX_DURATION);
        self
    }

    /// How long a plugin may take from its start to the end of its activation;
    /// [`limits::START_TIMEOUT`] unless set.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout.min(limits::MAX_DURATION);
        self
    }

    /// How long a plugin may take to stop before it is killed; [`limits::STOP_TIMEOUT`] unless
    /// set.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout.min(limits::MAX_DURATION);
        self
    }

    /// The largest response body that is accepted, in bytes; [`limits::MAX_BODY`] unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Whether the plugin is started again when it dies; [`Restart::temporary`] unless set. While it
    /// is being restarted, calls wait for it within their own deadline; handles, typed
    /// clients and registered callbacks stay what they are.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Checks regularly whether the plugin answers; not done unless set.
    pub fn health_check(mut self, check: HealthCheck) -> Self {
        self.health = Some(check);
        self
    }

    /// Stops the plugin when it has not been called for this long; the next call starts it
    /// again. Not done unless set, not while a callback of the plugin is registered, and
    /// not to a plugin that somebody else started.
    pub fn idle_stop(mut self, idle: Duration) -> Self {
        self.idle_stop = Some(idle.min(limits::MAX_DURATION));
        self
    }

    /// How long an instance that was replaced by a new one may take over the calls that it
    /// still has; [`limits::DRAIN_TIMEOUT`] unless set.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain.min(limits::MAX_DURATION);
        self
    }

    /// For how long a call, and the plugin between two calls, looks at the socket before it
    /// waits; not at all unless set, and at most [`limits::MAX_BUSY_POLL`].
    ///
    /// Where idle processors halt, waking them is most of what a call costs, and 20 to 50 µs
    /// of this save it. The price is processor time: the thread that polls the call does
    /// nothing else meanwhile. It is only done while one call at a time is on its way and
    /// there is more than one processor, and ever more rarely where it does not help. A plugin
    /// that goplug did not write is free to ignore it.
    pub fn busy_poll(mut self, bound: Duration) -> Self {
        self.busy_poll = bound.min(limits::MAX_BUSY_POLL);
        self
    }

    /// Sets a variable in the plugin's environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// Passes the whole environment of this process on to the plugin. Unless set it gets
    /// a short list of it: paths, locale, terminal, `RUST_LOG`.
    pub fn inherit_env(mut self) -> Self {
        for (name, value) in std::env::vars_os() {
            self.environment.entry(name).or_insert(value);
        }
        self
    }

    /// How much the plugin's process may use; as much as the host unless set.
    pub fn resources(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    /// What the plugin's process may reach; all that its user may unless set. A second
    /// sandbox takes the place of the first.
    pub fn sandbox(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// The plugin's process may reach all that its user may, whatever the registry's other
    /// plugins may.
    pub fn no_sandbox(mut self) -> Self {
        self.sandbox = None;
        self
    }
}

/// The policies of a registry.
#[derive(Debug, Default)]
pub(in crate::host) struct Policies {
    pub(in crate::host) default: Policy,
    pub(in crate::host) of_plugins: BTreeMap<PluginId, Policy>,
}

impl Policies {
    /// The policy that holds for this plugin.
    pub(in crate::host) fn of(&self, id: &PluginId) -> Policy {
        self.of_plugins.get(id).unwrap_or(&self.default).clone()
    }
}
