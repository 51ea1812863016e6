//! How a host treats a plugin: what it waits for, what it accepts, what it passes on.
//!
//! A registry has one policy for all its plugins, and further ones for plugins that need
//! another.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZero;
use std::time::Duration;

#[cfg(feature = "remote")]
use super::Remote;
use super::attached::Attached;
use super::environment::inherited;
use super::{Cgroup, HealthCheck, PluginConfiguration, Resources, Restart, Sandbox};
use crate::limits;
use crate::protocol::PluginId;
use crate::transport::{ParentDeathSignal, variable_name};

/// How a host treats a plugin. Every deadline and bound is here, with its default; none is
/// longer than [`limits::MAX_DURATION`].
///
/// [`RegistryBuilder::policy`](crate::host::RegistryBuilder::policy) sets the policy of every
/// plugin of a registry, [`RegistryBuilder::plugin`](crate::host::RegistryBuilder::plugin) that
/// of a single plugin.
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
    pub(in crate::host) log_level: Option<OsString>,
    pub(in crate::host) resources: Resources,
    pub(in crate::host) sandbox: Option<Sandbox>,
    pub(in crate::host) cgroup: Option<Cgroup>,
    pub(in crate::host) parent_death_signal: Option<ParentDeathSignal>,
    pub(in crate::host) configuration: PluginConfiguration,
    pub(in crate::host) auto_load: bool,
    /// At least 1.
    pub(in crate::host) instances: usize,
    pub(in crate::host) restart: Restart,
    pub(in crate::host) health: Option<HealthCheck>,
    pub(in crate::host) idle_stop: Option<Duration>,
    pub(in crate::host) drain: Duration,
    pub(in crate::host) stream_idle: Duration,
    pub(in crate::host) busy_poll: Duration,
    pub(in crate::host) max_connections: usize,
    #[cfg(feature = "remote")]
    pub(in crate::host) remote: Remote,
    pub(in crate::host) one_call_at_a_time: Option<bool>,
    pub(in crate::host) refuse_lossy: bool,
    /// The plugins that the plugin may call, as `namespace.name`.
    pub(in crate::host) may_call: BTreeSet<String>,
    /// Whether calls have no deadline, whatever their callers say: somebody debugs the plugin.
    pub(in crate::host) is_patient: bool,
}

impl Default for Policy {
    /// The defaults of [`limits`], and a few variables of the environment.
    fn default() -> Self {
        Self {
            call_timeout: limits::CALL_TIMEOUT,
            start_timeout: limits::START_TIMEOUT,
            stop_timeout: limits::STOP_TIMEOUT,
            body_limit: limits::MAX_BODY,
            environment: inherited(std::env::vars_os()),
            log_level: None,
            resources: Resources::new(),
            sandbox: None,
            cgroup: None,
            parent_death_signal: None,
            configuration: PluginConfiguration::default(),
            auto_load: true,
            instances: 1,
            restart: Restart::default(),
            health: None,
            idle_stop: None,
            drain: limits::DRAIN_TIMEOUT,
            stream_idle: limits::STREAM_IDLE,
            busy_poll: limits::BUSY_POLL,
            max_connections: limits::MAX_CALL_CONNECTIONS,
            #[cfg(feature = "remote")]
            remote: Remote::new(),
            one_call_at_a_time: None,
            refuse_lossy: false,
            may_call: BTreeSet::new(),
            is_patient: false,
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
    /// set. Calls in flight may take as long, less [`limits::STOP_RESERVE`] or a quarter: then the
    /// plugin cuts them off, and they fail with [`Error::Unfinished`](crate::Error::Unfinished).
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout.min(limits::MAX_DURATION);
        self
    }

    /// The largest response body that is accepted, in bytes; [`limits::MAX_BODY`] unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many connections calls may have open to the plugin; [`limits::MAX_CALL_CONNECTIONS`]
    /// unless set, and at least one. Calls that are in flight beyond that wait for a connection
    /// within their own deadline. Blocking callers have as many of their own. Quick calls that
    /// share a connection do not count.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Whether the plugin is started again when it has ended; [`Restart::temporary`] unless set.
    /// During a restart, calls wait for the plugin until their own deadline. Handles, typed
    /// clients and registered callbacks stay valid.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// Whether a registry that discovers by itself also loads the plugin by itself, unless the
    /// plugin asks for lazy loading; it does unless set. Otherwise the plugin stays
    /// [`State::Discovered`](crate::host::State::Discovered) until somebody loads it. Once it is
    /// loaded, it is restarted and upgraded as any other.
    ///
    /// Calls do not load a plugin that was never loaded: they fail with
    /// [`Error::Unavailable`](crate::Error::Unavailable). `Registry::client` loads it.
    pub fn auto_load(mut self, on: bool) -> Self {
        self.auto_load = on;
        self
    }

    /// How many processes of the plugin run side by side; one unless set, and at most
    /// [`limits::MAX_INSTANCES`]. Clients, handles and registered callbacks are as with one.
    ///
    /// A call goes to the instance with the fewest calls in flight; instances with as many take turns. If an
    /// instance crashes, its calls that may be made again are made with another instance. Each instance
    /// is restarted, with a back-off of its own, checked and counted by itself, as an
    /// [`Event::Instance`](crate::host::Event::Instance) says. The plugin is loaded if at least one takes
    /// calls: a load fails only if none could be started, and the others are tried again as
    /// [`restart`](Self::restart) says, which by default is not at all. A load starts the instances that
    /// are missing. An upgrade, a reload and a new configuration replace one instance after another, each after
    /// its successor has started. At the first failure, the others stay as they are; a new configuration is then
    /// that of none. After a stop, none is started. All stop when the plugin as a whole is idle.
    ///
    /// Each instance is activated and configured by itself, and shares no memory with the others. A
    /// plugin that keeps state between calls needs its calls sorted by a key: see
    /// [`Plugin::keyed`](crate::host::Plugin::keyed). Handlers of callbacks run one at a time, and those
    /// of one instance in their order.
    ///
    /// A plugin that another process starts has one instance, whatever is set.
    pub fn instances(mut self, instances: usize) -> Self {
        self.instances = instances.clamp(1, limits::MAX_INSTANCES);
        self
    }

    /// As many [`instances`](Self::instances) as this process may use processors.
    pub fn instances_auto(self) -> Self {
        self.instances(std::thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// Checks regularly whether the plugin answers; there are no checks unless set.
    pub fn health_check(mut self, check: HealthCheck) -> Self {
        self.health = Some(check);
        self
    }

    /// Stops the plugin when it has not been called for this long; the next call starts it
    /// again. A plugin is never stopped for this reason unless a time is set, while one of its
    /// callbacks is registered, or if another process started it.
    pub fn idle_stop(mut self, idle: Duration) -> Self {
        self.idle_stop = Some(idle.min(limits::MAX_DURATION));
        self
    }

    /// How long an old instance may take to finish its calls after a new instance has replaced
    /// it; [`limits::DRAIN_TIMEOUT`] unless set. Then it cuts them off.
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain.min(limits::MAX_DURATION);
        self
    }

    /// How long a streamed result may send nothing while somebody waits for its next item;
    /// [`limits::STREAM_IDLE`] unless set. The time of a call ends when its stream begins.
    pub fn stream_idle(mut self, idle: Duration) -> Self {
        self.stream_idle = idle.min(limits::MAX_DURATION);
        self
    }

    /// For how long a call, and the plugin between two calls, polls the socket busily before it
    /// waits; [`limits::BUSY_POLL`] unless set, and at most [`limits::MAX_BUSY_POLL`]. With
    /// [`Duration::ZERO`], neither end does.
    ///
    /// If idle processors halt, waking them is most of what a call costs: of time, and of
    /// processor time as well. Calls that come one upon the other need not wait for that. While
    /// polling does not help, as with rare calls or slow methods, at most 4 of 256 calls poll.
    /// There is no busy polling while several calls of a plugin are in flight or on a single
    /// processor. The thread that polls does nothing else meanwhile. Plugins that are not built
    /// with goplug may ignore this setting.
    pub fn busy_poll(mut self, bound: Duration) -> Self {
        self.busy_poll = bound.min(limits::MAX_BUSY_POLL);
        self
    }

    /// Whether each call waits until the calls before it have ended, within its own deadline.
    ///
    /// Unless set, calls run side by side, but not those to plugins of the original GoPlug: its
    /// hosts make one call at a time, so the methods of such a plugin need not be ready for
    /// more. With `false`, they get calls side by side too. Blocking clients and async ones wait
    /// for each other; callbacks and a stop do not wait.
    pub fn one_call_at_a_time(mut self, one_at_a_time: bool) -> Self {
        self.one_call_at_a_time = Some(one_at_a_time);
        self
    }

    /// Whether a typed client is refused if something of its values would be lost on the way: a
    /// field that only the client knows, digits of a number. Unless set, it is bound, and an
    /// [`Event::ContractDrift`](crate::host::Event::ContractDrift) names what is lost.
    pub fn refuse_lossy_contracts(mut self, refuse: bool) -> Self {
        self.refuse_lossy = refuse;
        self
    }

    /// Lets the plugin call another plugin of the registry, which is named as `namespace.name`. May be
    /// called several times.
    ///
    /// The other plugin then fulfils what this one declares by `needs(…)` or `wants(…)`: its own type, or
    /// a contract that it fulfils, unless the host itself provides that. It is called with the same
    /// client as a service of the host, by `goplug::host`; the host passes each call on, and starts the
    /// other plugin if its policy and its `.pconf` let a call do that. Without this, no plugin reaches
    /// another.
    pub fn may_call(mut self, plugin: impl Into<String>) -> Self {
        self.may_call.insert(plugin.into());
        self
    }

    /// Sets a variable in the plugin's environment.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.insert(variable_name(name.into()), value.into());
        self
    }

    /// Passes the whole environment of this process on to the plugin. Unless set, the plugin
    /// gets only these variables, if this process has them:
    ///
    /// - where things are: `HOME`, `LOGNAME`, `USER`, `SHELL`, `PATH`, `TMPDIR`, `XDG_CACHE_HOME`,
    ///   `XDG_CONFIG_HOME`, `XDG_DATA_HOME`, `XDG_STATE_HOME`, `XDG_RUNTIME_DIR`, `SSL_CERT_FILE`,
    ///   `SSL_CERT_DIR`, `PYENV_VERSION`;
    /// - the locale: `LANG`, `LANGUAGE`, every variable that begins with `LC_`, `LOCALE_ARCHIVE`,
    ///   `TZ`, `TZDIR`;
    /// - how output looks: `TERM`, `COLORTERM`, `NO_COLOR`, `CLICOLOR`, `RUST_LOG`,
    ///   `RUST_BACKTRACE`;
    /// - on Windows, where names of variables are the same in upper and lower case, also what programs
    ///   need to start and to find their files: `SystemRoot`, `windir`, `SystemDrive`, `TEMP`, `TMP`,
    ///   `USERPROFILE`, `HOMEDRIVE`, `HOMEPATH`, `USERNAME`, `USERDOMAIN`, `APPDATA`, `LOCALAPPDATA`,
    ///   `ProgramData`, `ALLUSERSPROFILE`, `PUBLIC`, `ProgramFiles` and its like, `PATHEXT`, `ComSpec`,
    ///   `OS`, `NUMBER_OF_PROCESSORS`, `PROCESSOR_ARCHITECTURE`.
    ///
    /// Name what a plugin needs besides with [`env`](Self::env), for example a proxy or
    /// `LD_LIBRARY_PATH`.
    pub fn inherit_env(mut self) -> Self {
        for (name, value) in std::env::vars_os() {
            self.environment.entry(variable_name(name)).or_insert(value);
        }
        self
    }

    /// What the plugin says in the host's log: `error`, `warn`, `info`, `debug`, `trace` or `off`, or a
    /// list such as `warn,my_crate=debug`, where the name is the beginning of a target. Unless set,
    /// the plugin's own `RUST_LOG` counts, and else `info`.
    ///
    /// The plugin gets it as `GOPLUG_LOG` in its environment. goplug's own plugins heed it if they have
    /// the feature `logs`; what others print is passed on in any case.
    pub fn log_level(mut self, level: impl Into<String>) -> Self {
        self.log_level = Some(OsString::from(level.into()));
        self
    }

    /// How much the plugin's process may use of the machine; as much as the host unless set.
    pub fn resources(mut self, resources: Resources) -> Self {
        self.resources = resources;
        self
    }

    /// Which files and ports the plugin's process may access; unless set, everything that its
    /// user may access. A second sandbox replaces the first.
    pub fn sandbox(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Removes the sandbox: the plugin's process may access everything that its user may.
    pub fn no_sandbox(mut self) -> Self {
        self.sandbox = None;
        self
    }

    /// A control group of its own for the plugin's process and everything that it starts; unless set, they are
    /// in that of the host.
    pub fn cgroup(mut self, cgroup: Cgroup) -> Self {
        self.cgroup = Some(cgroup);
        self
    }

    /// The signal that the plugin's process gets when this host has ended; unless set,
    /// [`ParentDeathSignal::Kill`] for a plugin with a sandbox, whose code the host does not trust, and
    /// [`ParentDeathSignal::Terminate`] for any other.
    ///
    /// The signal is the process's alone: the processes that it has started do not get it. A plugin of
    /// goplug's ends them with it, once it has stopped; after [`ParentDeathSignal::Kill`] it cannot.
    pub fn parent_death_signal(mut self, signal: ParentDeathSignal) -> Self {
        self.parent_death_signal = Some(signal);
        self
    }

    /// The signal that is set, or follows from the rest.
    pub(in crate::host) fn death_signal(&self) -> ParentDeathSignal {
        self.parent_death_signal.unwrap_or(match self.sandbox {
            Some(_) => ParentDeathSignal::Kill,
            None => ParentDeathSignal::Terminate,
        })
    }

    /// The same without deadlines, health checks, a stop for being idle and further instances: a process that
    /// a debugger holds answers nothing.
    fn for_debugging(self) -> Self {
        Self {
            call_timeout: limits::MAX_DURATION,
            start_timeout: limits::MAX_DURATION,
            stream_idle: limits::MAX_DURATION,
            health: None,
            idle_stop: None,
            instances: 1,
            is_patient: true,
            ..self
        }
    }
}

#[cfg(feature = "remote")]
mod remote;

/// The policies of a registry.
#[derive(Debug, Default)]
pub(in crate::host) struct Policies {
    pub(in crate::host) default: Policy,
    pub(in crate::host) of_plugins: BTreeMap<PluginId, Policy>,
    pub(in crate::host) attached: Attached,
}

impl Policies {
    /// The policy of this plugin.
    pub(in crate::host) fn of(&self, id: &PluginId) -> Policy {
        let policy = self.of_plugins.get(id).unwrap_or(&self.default).clone();
        if self.attached.socket(id).is_some() { policy.for_debugging() } else { policy }
    }
}

#[cfg(test)]
mod tests;
