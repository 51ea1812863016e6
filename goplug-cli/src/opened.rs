//! A plugin that a user has named: found, described, and ready to be started.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goplug::protocol::{Descriptor, MethodDescriptor};
use goplug::{DiscoveredPlugin, Plugin, PluginId, Policy, Registry};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::arguments::{Folder, Subject};
use crate::failure::{Failure, Outcome, Status};
use crate::log::{self, Destination};
use crate::output::Output;
use crate::program::run_install;
use crate::system::{ask, real_path, temporary_folder};
use crate::target::Target;

/// How long a socket may take to answer.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How large an answer to `GET /` may be: 64 MiB, as a body.
const MAX_ANSWER: u64 = goplug::limits::MAX_BODY as u64;

/// A plugin of a registry that starts nothing by itself.
pub(crate) struct Opened {
    registry: Registry,
    plugin: DiscoveredPlugin,
    /// The folder of the registry, if the plugin has none.
    _folder: Option<TempDir>,
}

impl Opened {
    /// Finds a plugin. Starts at most its program's verb `install`.
    pub(crate) async fn of(subject: &Subject, output: &Output) -> Outcome<Self> {
        if subject.log.is_some() {
            log::show(Destination::Stderr, output);
        }
        Self::open(&subject.folder, &subject.target, subject.log.as_deref()).await
    }

    /// Finds a plugin, does something with it, and ends what was started for that.
    pub(crate) async fn with<T>(
        subject: &Subject,
        output: &Output,
        job: impl AsyncFnOnce(&Self) -> Outcome<T>,
    ) -> Outcome<T> {
        let opened = Self::of(subject, output).await?;
        let done = job(&opened).await;
        opened.close().await;
        done
    }

    /// As [`Opened::of`].
    pub(crate) async fn find(folder: &Folder, target: &str) -> Outcome<Self> {
        Self::open(folder, target, None).await
    }

    async fn open(folder: &Folder, target: &str, log: Option<&str>) -> Outcome<Self> {
        match Target::parse(target)? {
            Target::Name(id) => Self::named(folder, &id, log).await,
            Target::Pconf(path) => Self::described_by(&path, log).await,
            Target::Program(program) => Self::installed(&program, log).await,
            Target::Socket(socket) => Self::serving(&socket).await,
        }
    }

    async fn named(folder: &Folder, id: &PluginId, log: Option<&str>) -> Outcome<Self> {
        let registry = logging(&folder.dir, log).await?;
        match registry.discovered().into_iter().find(|plugin| plugin.id() == id) {
            Some(plugin) => Ok(Self { registry, plugin, _folder: None }),
            // The registry's own error names what is near, and what is rejected.
            None => match registry.load(id.name(), id.namespace()).await {
                Ok(_) => Err(Failure::unreachable(format!("{id} has appeared just now"))),
                Err(error) => Err(error.into()),
            },
        }
    }

    async fn described_by(pconf: &Path, log: Option<&str>) -> Outcome<Self> {
        let pconf = real_path(pconf)?;
        let folder = pconf.parent().unwrap_or(Path::new("/"));
        let registry = logging(folder, log).await?;
        Self::only(registry, None, |plugin| plugin.path() == Some(&pconf), &pconf)
    }

    async fn installed(program: &Path, log: Option<&str>) -> Outcome<Self> {
        let folder = temporary_folder()?;
        run_install(&real_path(program)?, &[], folder.path()).await?;
        let registry = logging(folder.path(), log).await?;
        Self::only(registry, Some(folder), |_| true, program)
    }

    async fn serving(socket: &Path) -> Outcome<Self> {
        let descriptor = match timeout(DESCRIBE_TIMEOUT, describe(socket)).await {
            Ok(descriptor) => descriptor?,
            Err(_) => {
                let text = format!("{}: no answer to `GET /` within 10 s", socket.display());
                return Err(Failure::new(Status::Deadline, text));
            }
        };
        let folder = temporary_folder()?;
        let path = real_path(socket)?;
        let path = path.to_str().ok_or_else(|| {
            Failure::usage(format!(
                "{}: a .pconf names no path that is not UTF-8",
                socket.display()
            ))
        })?;
        let keys = json!({
            "Name": descriptor.name,
            "NameSpace": descriptor.namespace,
            "Protocol": 2,
            "Sock": path,
            "LazyLoad": true,
        });
        fs::write(folder.path().join("plugin.pconf"), keys.to_string())?;
        let registry = registry(folder.path()).await?;
        Self::only(registry, Some(folder), |_| true, socket)
    }

    /// The plugin of the registry that is meant, or the reason why a file cannot be used.
    fn only(
        registry: Registry,
        folder: Option<TempDir>,
        is_meant: impl Fn(&DiscoveredPlugin) -> bool,
        path: &Path,
    ) -> Outcome<Self> {
        if let Some(plugin) = registry.discovered().into_iter().find(is_meant) {
            return Ok(Self { registry, plugin, _folder: folder });
        }
        let mut rejected = registry.rejected().into_iter();
        let reason = match rejected.find(|file| folder.is_some() || file.path == path) {
            Some(file) => file.reason,
            None => "it has installed no .pconf file".into(),
        };
        Err(Failure::unreachable(format!("{}: {reason}", path.display())))
    }

    pub(crate) fn id(&self) -> &PluginId {
        self.plugin.id()
    }

    /// The path of the `.pconf`.
    pub(crate) fn pconf(&self) -> Option<PathBuf> {
        self.plugin.path().map(Path::to_owned)
    }

    /// What the plugin offers, as its file says.
    pub(crate) fn described(&self) -> Option<Descriptor> {
        self.plugin.descriptor()
    }

    /// What the plugin offers: as its file says, or else as its process says.
    pub(crate) async fn descriptor(&self) -> Outcome<Descriptor> {
        if let Some(descriptor) = self.described() {
            return Ok(descriptor);
        }
        let plugin = self.start().await?;
        match plugin.describe().await {
            Some(descriptor) => Ok((*descriptor).clone()),
            None => Err(Failure::new(
                Status::Contract,
                format!("{} does not say what it offers", self.plugin.id()),
            )),
        }
    }

    /// Starts the plugin, or attaches to the process that serves its socket.
    pub(crate) async fn start(&self) -> Outcome<Plugin> {
        Ok(self.registry.load(self.plugin.name(), self.plugin.namespace()).await?)
    }

    /// Ends what was started, and waits until its stop hook has run.
    pub(crate) async fn close(self) {
        // A process that does not end is in the log.
        drop(self.registry.stop().await);
    }
}

/// Whether the plugin says more of a method than its name, as one of the original GoPlug does not.
pub(crate) fn says_types(method: &MethodDescriptor) -> bool {
    !method.params.is_empty() || !method.returns.spelling.is_empty()
}

/// A registry of a folder that exists.
pub(crate) async fn registry(dir: &Path) -> Outcome<Registry> {
    logging(dir, None).await
}

/// A registry of a folder that exists, whose plugins log from this level on.
async fn logging(dir: &Path, level: Option<&str>) -> Outcome<Registry> {
    if !dir.is_dir() {
        let text =
            format!("there is no folder {}; name another by --dir or GOPLUG_DIR", dir.display());
        return Err(Failure::unreachable(text));
    }
    let logs = |policy: Policy| match level {
        Some(level) => policy.log_level(level),
        None => policy,
    };
    Ok(Registry::builder(dir).auto_load(false).policy(logs).start().await?)
}

/// What the process behind a socket says that it offers.
async fn describe(socket: &Path) -> Outcome<Descriptor> {
    let failed = |reason: String| Failure::unreachable(format!("{}: {reason}", socket.display()));
    let answer = ask(socket, MAX_ANSWER).await.map_err(|error| failed(error.to_string()))?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let body = end.map(|end| &answer[end + 4..]).unwrap_or_default();
    serde_json::from_slice(body).map_err(|_| failed("it is no socket of a plugin".into()))
}
