//! What happens in a registry.

use std::path::PathBuf;

use crate::protocol::{Permission, PluginId};

/// What happened in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A `.pconf` file, or an embedded plugin, was found.
    Discovered {
        /// The plugin.
        plugin: PluginId,
    },
    /// The `.pconf` of a known plugin has new content.
    Changed {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin was started and activated.
    Loaded {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin was unloaded; if another process has started it, it may go on. Or its process ended
    /// by itself in good order: it exited with status 0, for example since somebody else stopped it.
    Stopped {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin's process ended without being asked to, by a signal or with a status other than 0.
    Crashed {
        /// The plugin.
        plugin: PluginId,
        /// How the process ended, for example `signal: 6 (SIGABRT)`.
        status: String,
        /// The last lines that the process wrote to standard error.
        stderr: Vec<String>,
    },
    /// A plugin that had crashed was started again and activated.
    Restarted {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin crashed and is not restarted, although its policy asks for restarts.
    GivenUp {
        /// The plugin.
        plugin: PluginId,
        /// Why, as a text for people.
        reason: String,
    },
    /// A new process of a plugin took the place of the old one.
    Upgraded {
        /// The plugin.
        plugin: PluginId,
    },
    /// A new process of a plugin could not take the place of the old one, which stays.
    UpgradeFailed {
        /// The plugin.
        plugin: PluginId,
        /// Why, as a text for people.
        reason: String,
    },
    /// A process of a plugin was to end and was killed, and has not ended: it runs as another user now, or
    /// the system holds it. It is killed again every second, and `Stopped` follows once it has ended.
    StopFailed {
        /// The plugin.
        plugin: PluginId,
        /// The process id.
        process: u32,
        /// Why, as a text for people.
        reason: String,
    },
    /// A file of the folder, or the folder itself, cannot be used. It is checked again when it
    /// changes.
    Rejected {
        /// The file, or the folder.
        path: PathBuf,
        /// Why, as a text for people.
        reason: String,
    },
    /// The host's variable `GOPLUG_ATTACH` names a process that serves the plugin, for a debugger. It is
    /// used in place of starting one, and calls to it have no deadline. It comes before each `Loaded`.
    Attached {
        /// The plugin.
        plugin: PluginId,
        /// The socket on which the process serves.
        socket: PathBuf,
    },
    /// A plugin is loaded from a program that was installed by `goplug install --dev` or `goplug dev`:
    /// no digest says which program it is, so another may take its place at any time. It comes before
    /// `Loaded`.
    InDevelopment {
        /// The plugin.
        plugin: PluginId,
    },
    /// A plugin is started although its sandbox, or a part of it, cannot be enforced. Its policy
    /// has [`OnUnsupported::Report`](crate::host::OnUnsupported::Report).
    Unconfined {
        /// The plugin.
        plugin: PluginId,
        /// What cannot be enforced and why, as a text for people.
        reason: String,
    },
    /// A plugin is started although it asks for more than its sandbox grants. Its policy has
    /// [`OnDenied::Report`](crate::host::OnDenied::Report).
    PermissionsDenied {
        /// The plugin.
        plugin: PluginId,
        /// What it asks for and is not granted.
        permissions: Vec<Permission>,
        /// Why, as a text for people for each of them.
        reasons: Vec<String>,
    },
    /// A new version of a plugin asks for more permissions than the plugin has had, and is not started:
    /// a process that runs serves on. [`Plugin::grant`](crate::host::Plugin::grant) consents.
    PermissionsRequested {
        /// The plugin.
        plugin: PluginId,
        /// What it asks for beyond what it has had.
        permissions: Vec<Permission>,
    },
    /// A typed client and a plugin work together, but something of their values is lost on the way.
    /// It comes once for each client and each process of the plugin, and is also a warning of
    /// `tracing` with the target `goplug::contract`.
    /// [`Policy::refuse_lossy_contracts`](crate::host::Policy::refuse_lossy_contracts) makes it an
    /// error.
    ContractDrift {
        /// The plugin.
        plugin: PluginId,
        /// The client's type.
        client: &'static str,
        /// Each difference, as a text of several lines for people.
        differences: Vec<String>,
    },
    /// A plugin's `.pconf` is gone.
    Removed {
        /// The plugin.
        plugin: PluginId,
    },
    /// Callbacks were lost: when the broken callback stream was resumed, the plugin had discarded
    /// them. Several losses that a listener has not read yet are one event.
    CallbacksMissed {
        /// The plugin.
        plugin: PluginId,
        /// How many; 0 if the plugin did not say.
        count: u64,
    },
    /// Something happened to one of several instances of a plugin: see
    /// [`Policy::instances`](crate::host::Policy::instances). What happens to a plugin with one instance
    /// comes as the event itself. So does what happens to a plugin with several instances as a whole: `Loaded`
    /// when the first instance takes calls, `Stopped` when none does any more, `PermissionsRequested` and
    /// `ContractDrift`. The processes may still end then: the event of each instance says when its own has ended.
    Instance {
        /// The plugin.
        plugin: PluginId,
        /// Which instance, from 0 on. A process that takes the place of another has its number.
        instance: usize,
        /// What happened.
        event: Box<Event>,
    },
    /// This listener was too slow and missed this many events.
    Missed {
        /// How many.
        count: u64,
    },
}

impl Event {
    /// The plugin that it is about, if it is about one.
    pub(super) fn plugin(&self) -> Option<&PluginId> {
        match self {
            Self::Discovered { plugin }
            | Self::Changed { plugin }
            | Self::Loaded { plugin }
            | Self::Stopped { plugin }
            | Self::Crashed { plugin, .. }
            | Self::Restarted { plugin }
            | Self::GivenUp { plugin, .. }
            | Self::Upgraded { plugin }
            | Self::UpgradeFailed { plugin, .. }
            | Self::StopFailed { plugin, .. }
            | Self::Attached { plugin, .. }
            | Self::InDevelopment { plugin }
            | Self::Unconfined { plugin, .. }
            | Self::PermissionsDenied { plugin, .. }
            | Self::PermissionsRequested { plugin, .. }
            | Self::ContractDrift { plugin, .. }
            | Self::Removed { plugin }
            | Self::Instance { plugin, .. }
            | Self::CallbacksMissed { plugin, .. } => Some(plugin),
            Self::Rejected { .. } | Self::Missed { .. } => None,
        }
    }

    /// How many bytes of text it has, beside the plugin's name.
    pub(super) fn text_len(&self) -> usize {
        let all = |lines: &[String]| -> usize { lines.iter().map(String::len).sum() };
        let all_of = |list: &[Permission]| list.iter().map(Permission::text_len).sum::<usize>();
        match self {
            Self::Crashed { status, stderr, .. } => status.len() + all(stderr),
            Self::ContractDrift { differences, .. } => all(differences),
            Self::Instance { event, .. } => event.text_len(),
            Self::PermissionsDenied { permissions, reasons, .. } => {
                all_of(permissions) + all(reasons)
            }
            Self::PermissionsRequested { permissions, .. } => all_of(permissions),
            Self::GivenUp { reason, .. }
            | Self::UpgradeFailed { reason, .. }
            | Self::StopFailed { reason, .. }
            | Self::Rejected { reason, .. }
            | Self::Unconfined { reason, .. } => reason.len(),
            _ => 0,
        }
    }
}
