//! The errors of the public API.
//!
//! Start with [`Error`]. [`CallError`] is what typed clients return, [`RemoteError`] an error that
//! has lost its type on the way; [`text`] finds how the error of a method is shown. Every text of
//! another process is displayed through [`Lines`] or [`OneLine`]. The room imports from `limits` and
//! `protocol`.

mod call;
mod debug_text;
mod effect;
mod failures;
mod kind;
mod parts;
mod problem;
mod remote;
mod sent;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::value::RawValue;

pub use call::CallError;
pub(crate) use failures::remember_failure;
pub use kind::ErrorKind;
pub(crate) use problem::{RefusedCall, refused_callback};
pub use remote::RemoteError;
#[cfg(feature = "logs")]
pub(crate) use sent::texts;
pub use text::ErrorText;
pub(crate) use text::remember;

use self::parts::{Hint, List, MayHaveExecuted, NotBegun, Reason, StderrTail};
use crate::protocol::visible::{Lines, OneLine};
use crate::protocol::{InvalidName, Permission, PluginId};

/// The result of most of goplug's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every error of goplug except a method's own typed error.
///
/// Its text is safe to show: control and invisible characters of a plugin, a file or a path are
/// written out, such as `\u{1b}`.
///
/// [`Error::may_have_executed`] tells whether a failed call can have had an effect.
///
/// ```
/// # fn retry_later(_: &goplug::Error) {}
/// fn on_failure(error: &goplug::Error) {
///     match error {
///         goplug::Error::Crashed { status, stderr, .. } => {
///             eprintln!("it ended with {status}:\n{}", stderr.join("\n"));
///         }
///         error if !error.may_have_executed() => retry_later(error),
///         error => eprintln!("{error}"),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that breaks the rules of the protocol.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),

    /// An invalid setting; the text says which and why.
    #[error("{}", Lines(.0))]
    Configuration(String),

    /// No `.pconf` in the registry's folder names this plugin.
    #[error("no plugin {id} in {folder}{}", Hint(hint), folder = OneLine(folder.display()))]
    NotFound {
        /// The plugin that was asked for.
        id: PluginId,
        /// The registry's folder.
        folder: PathBuf,
        /// What may have been meant, or what else is to be known, for people.
        hint: Option<String>,
    },

    /// A `.pconf` file, or the program that it names, was refused.
    #[error("{path}: {reason}", path = OneLine(path.display()), reason = Lines(reason))]
    Rejected {
        /// The file.
        path: PathBuf,
        /// The reason, for people.
        reason: String,
    },

    /// The plugin did not start.
    #[error("{id} did not start: {}{}", Lines(reason), StderrTail(stderr))]
    Start {
        /// The plugin.
        id: PluginId,
        /// The reason, for people: exit status, deadline, file mode, digest.
        reason: String,
        /// The last lines of its standard error.
        stderr: Vec<String>,
    },

    /// A process of the plugin was to end and was killed, and has not ended. It is killed again until it
    /// has.
    #[error("{id} did not stop: {}", Lines(reason))]
    Stop {
        /// The plugin.
        id: PluginId,
        /// The process id.
        process: u32,
        /// The reason, for people: the process runs as another user, or the system holds it.
        reason: String,
    },

    /// The plugin's process ended during the call.
    #[error(
        "{id} crashed ({}){}{}",
        OneLine(status), MayHaveExecuted(*may_have_executed), StderrTail(stderr)
    )]
    Crashed {
        /// The plugin.
        id: PluginId,
        /// Its exit: `exit status: 3`, `signal: 6 (SIGABRT)`, or `connection lost` if the plugin is
        /// not this host's child.
        status: String,
        /// The last lines of its standard error.
        stderr: Vec<String>,
        /// Whether the call may have had an effect before that.
        may_have_executed: bool,
    },

    /// The plugin was stopped before the call had ended, or its stream had, or it ended by itself in good
    /// order. The call may have had an effect.
    #[error("{id} ended before the call did ({})", OneLine(status))]
    Unfinished {
        /// The plugin.
        id: PluginId,
        /// Its exit, or its own words, for people.
        status: String,
    },

    /// The plugin is not loaded, or is being stopped.
    #[error("{id} is not available: {}", Lines(reason))]
    Unavailable {
        /// The plugin.
        id: PluginId,
        /// The reason, for people.
        reason: String,
    },

    /// The registry or the plugin's server has been stopped.
    #[error("stopped")]
    Stopped,

    /// The call was not answered in time.
    #[error(
        "{} was not answered within {after:?}{}{}",
        OneLine(what), Reason(reason), NotBegun(!*may_have_executed)
    )]
    Deadline {
        /// What was called.
        what: String,
        /// The time that it had.
        after: Duration,
        /// What is known of the reason, for people: for example, that the system has stopped the
        /// plugin's process.
        reason: Option<String>,
        /// Whether the call may have had an effect. If not, it was not sent as a whole.
        may_have_executed: bool,
    },

    /// This host could not connect to the plugin. The reason is not the plugin's end: this process
    /// has no descriptor left, for example, or somebody has removed the socket's file. The plugin
    /// stays loaded, and the call was not sent.
    #[error("no connection to {id}: {}: {}", OneLine(reason), OneLine(source))]
    Connect {
        /// The plugin.
        id: PluginId,
        /// What is wrong and what helps, for people.
        reason: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },

    /// A tokio runtime is missing: there is none here, it has no I/O or no timers, or it was the
    /// registry's and is gone. The text says which, and what to do.
    #[error("{0}")]
    Runtime(&'static str),

    /// The plugin has no such method.
    #[error("unknown method {method:?}")]
    UnknownMethod {
        /// The wire name.
        method: String,
    },

    /// The plugin lacks a method that its contract gives a body, so it may lack it: the contract
    /// of the client is newer than that of the plugin, for example. The call was not sent. The
    /// client's `offers_…` says it beforehand.
    #[error("{id} has no method {method:?}, which its contract leaves optional")]
    NotOffered {
        /// The plugin.
        id: PluginId,
        /// The wire name.
        method: String,
    },

    /// The arguments could not be encoded, or not decoded by the receiver.
    #[error("arguments of {method:?}: {}", Lines(detail))]
    Arguments {
        /// The wire name.
        method: String,
        /// The parameter at fault, if it is known.
        parameter: Option<String>,
        /// What was expected there, if it is known.
        expected: Option<String>,
        /// What happened, for people.
        detail: String,
    },

    /// The result of a call could not be decoded.
    #[error("the result of {method:?} is not what the client expects: {}", OneLine(source))]
    Decode {
        /// The wire name.
        method: String,
        /// The decoder's error.
        #[source]
        source: serde_json::Error,
    },

    /// A body is larger than the limit.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },

    /// The handler panicked; the plugin still runs.
    #[error("the handler of {method:?} panicked: {}", Lines(detail))]
    Panicked {
        /// The wire name.
        method: String,
        /// The panic's message, if it has one; and its place in the plugin's source, if the plugin is
        /// built with the feature `logs`.
        detail: String,
    },

    /// The plugin responded with an error for which there is no other variant.
    #[error("{id} failed to answer {method:?}: {}", Lines(detail))]
    Remote {
        /// The plugin.
        id: PluginId,
        /// The wire name.
        method: String,
        /// The plugin's own words.
        detail: String,
    },

    /// The method itself returned an error. Typed clients turn this into [`CallError::Method`].
    #[error(transparent)]
    Method(#[from] MethodFailure),

    /// The plugin does not offer everything that the client was generated for.
    #[error("{id} does not fulfil the contract of {client}:{}", List(differences))]
    Contract {
        /// The plugin.
        id: PluginId,
        /// The client's type.
        client: &'static str,
        /// One line for each difference, with both sides.
        differences: Vec<String>,
    },

    /// A service of its host that a plugin uses is not there, or is another than the plugin means.
    #[error("{id} has no service {service:?} of its host: {}", Lines(reason))]
    NotProvided {
        /// The plugin.
        id: PluginId,
        /// The service: the name of a contract, or of a plugin with its namespace.
        service: String,
        /// The reason and what helps, for people.
        reason: String,
    },

    /// The plugin asks for permissions that its sandbox does not grant, and was not started.
    #[error("{id} asks for permissions that it is not granted:{}", List(reasons))]
    PermissionsDenied {
        /// The plugin.
        id: PluginId,
        /// What it asks for and is not granted.
        permissions: Vec<Permission>,
        /// Why, for people, for each of them.
        reasons: Vec<String>,
    },

    /// The plugin asks for more permissions than it has had, and was not started. The host's
    /// `Plugin::grant` consents.
    #[error(
        "{id} asks for more permissions than it has had, and waits for consent: to {}",
        Permission::list(permissions)
    )]
    ConsentRequired {
        /// The plugin.
        id: PluginId,
        /// What it asks for beyond what it has had.
        permissions: Vec<Permission>,
    },

    /// Calls of plugins and hosts are within each other too deep: perhaps they call each other in a circle.
    /// The innermost was not sent.
    #[error("the calls are within each other too deep: {}", OneLine(chain))]
    TooDeep {
        /// The calls, the outermost first, separated by ` > `.
        chain: String,
    },

    /// No host has registered this callback.
    #[error("no host has registered the callback {callback:?}")]
    NotRegistered {
        /// The wire name.
        callback: String,
    },

    /// A callback was called outside of a plugin, or could belong to several plugins.
    #[error("the callback {callback:?} does not know its plugin: {reason}")]
    NoPlugin {
        /// The wire name.
        callback: String,
        /// The reason, for people.
        reason: &'static str,
    },

    /// A part of goplug has panicked, so what was asked for was not done.
    #[error("a fault in goplug: {0}")]
    Internal(String),

    /// The peer violated the protocol.
    #[error("protocol violation: {}", Lines(.0))]
    Protocol(String),

    /// Reading or writing failed.
    #[error("{}: {}", OneLine(context), OneLine(source))]
    Io {
        /// The operation, and the file or socket it was for.
        context: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// An I/O error with its operation.
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }

    /// An answer that did not come in time, to something that may have been done nevertheless.
    pub(crate) fn deadline(what: impl Into<String>, after: Duration) -> Self {
        Self::Deadline { what: what.into(), after, reason: None, may_have_executed: true }
    }
}

/// The error that a method returned, before a typed client decodes it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", Lines(detail))]
pub struct MethodFailure {
    /// The error value as JSON; `None` if the peer sent none.
    pub error: Option<Box<RawValue>>,
    /// The error's text, for people.
    pub detail: String,
}

#[cfg(test)]
mod tests;
