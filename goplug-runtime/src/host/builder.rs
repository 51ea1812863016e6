//! How a registry is set up.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::installed::Installed;
use super::registry::Registry;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::PluginId;
use crate::typed::PluginType;

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

/// Sets up a [`Registry`]. Made by [`Registry::builder`].
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn example() -> goplug::Result<()> {
/// let registry = goplug::Registry::builder("plugins")
///     .auto_discover(true)
///     .call_timeout(Duration::from_secs(5))
///     .configure("Mailer", "acme", &["smtp.example.org"])
///     .env("MAILER_LOG", "debug")
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `start`"]
pub struct RegistryBuilder {
    settings: Settings,
    auto_discover: bool,
    embedded: Vec<Result<Installed>>,
    configured: Vec<(String, String, Result<Vec<u8>, serde_json::Error>)>,
}

impl RegistryBuilder {
    pub(super) fn new(folder: PathBuf) -> Self {
        let environment = PASSED_ON
            .iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)))
            .collect();
        Self {
            settings: Settings {
                folder,
                call_timeout: limits::CALL,
                start_timeout: limits::START,
                grace: limits::GRACE,
                body_limit: limits::BODY,
                trust_writable: false,
                environment,
                configurations: BTreeMap::new(),
            },
            auto_discover: false,
            embedded: Vec::new(),
            configured: Vec::new(),
        }
    }

    /// Whether the registry watches its folder and loads, by itself, what does not ask
    /// for lazy loading. Off unless set: plugins are then found when they are loaded.
    pub fn auto_discover(mut self, on: bool) -> Self {
        self.auto_discover = on;
        self
    }

    /// Adds a plugin that this very program ships: its process is this executable,
    /// started again. The program's `main` has to begin with `goplug::embed!`.
    pub fn embed<P: PluginType>(mut self) -> Self {
        self.embedded.push(Installed::embedded::<P>());
        self
    }

    /// What a plugin's activation hook is given.
    pub fn configure(mut self, name: &str, namespace: &str, value: &impl Serialize) -> Self {
        let value = serde_json::to_vec(value);
        self.configured.push((name.into(), namespace.into(), value));
        self
    }

    /// How long a call may take where the caller names no time; 30 s unless set.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.settings.call_timeout = timeout;
        self
    }

    /// How long a plugin may take from its start to the end of its activation; 10 s
    /// unless set.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.settings.start_timeout = timeout;
        self
    }

    /// How long a plugin may take to stop before it is killed; 5 s unless set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// The largest response body that is accepted, in bytes; 64 MiB unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.settings.body_limit = bytes;
        self
    }

    /// Whether plugins are loaded all the same when users other than this process's and
    /// root may write the registry's folder, a `.pconf`, a program, or a program's folder.
    /// Off unless set: whoever may write these decides what runs as this process's user,
    /// so such a folder or file is rejected with the reason.
    ///
    /// The folders above are not looked at. A folder with the sticky bit, as `/tmp` has
    /// it, is trusted with those of its files that others may not write, and so is a group
    /// in which there is nobody else.
    pub fn trust_writable(mut self, on: bool) -> Self {
        self.settings.trust_writable = on;
        self
    }

    /// Sets a variable in the environment of every plugin.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.settings.environment.insert(name.into(), value.into());
        self
    }

    /// Passes the whole environment of this process on to the plugins. Unless set they
    /// get a short list of it: paths, locale, terminal, `RUST_LOG`.
    pub fn inherit_env(mut self) -> Self {
        for (name, value) in std::env::vars_os() {
            self.settings.environment.entry(name).or_insert(value);
        }
        self
    }

    /// Starts the registry: looks through the folder once, and goes on watching it if
    /// [`auto_discover`](Self::auto_discover) is on. A folder that does not exist is
    /// waited for.
    ///
    /// Must run within a tokio runtime. Not cancel safe in one respect: dropped half
    /// way, it has started nothing that stays.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a setting that cannot be used.
    pub async fn start(mut self) -> Result<Registry> {
        for (name, namespace, value) in self.configured {
            let id = PluginId::read(&name, &namespace)?;
            let value = value.map_err(|error| {
                Error::Configuration(format!("the configuration of {id} cannot be JSON: {error}"))
            })?;
            self.settings.configurations.insert(id, value.into());
        }
        let embedded = self.embedded.into_iter().collect::<Result<Vec<_>>>()?;
        self.settings.folder = std::path::absolute(&self.settings.folder)
            .map_err(|error| Error::io(self.settings.folder.display().to_string(), error))?;
        Registry::start(self.settings, embedded, self.auto_discover).await
    }
}
