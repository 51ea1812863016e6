//! The errors of the public API.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::protocol::{InvalidName, PluginId};

/// The result of most of goplug's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong but the method's own typed error.
///
/// [`Error::may_have_executed`] says whether a failed call can have had an effect.
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
    /// A name that cannot be used.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),

    /// A setting that cannot be used; the text says which and why.
    #[error("{0}")]
    Configuration(String),

    /// No `.pconf` in the registry's folder names this plugin.
    #[error("no plugin {id} in {folder}", folder = folder.display())]
    NotFound {
        /// The plugin that was asked for.
        id: PluginId,
        /// The registry's folder.
        folder: PathBuf,
    },

    /// A `.pconf` file, or what it names, cannot be used.
    #[error("{path}: {reason}", path = path.display())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// Why, for people.
        reason: String,
    },

    /// The plugin did not start.
    #[error("{id} did not start: {reason}{}", StderrTail(stderr))]
    Start {
        /// The plugin.
        id: PluginId,
        /// Why, for people: exit status, deadline, file mode, digest.
        reason: String,
        /// The last lines that it wrote to standard error.
        stderr: Vec<String>,
    },

    /// The plugin's process ended while it was needed.
    #[error("{id} crashed ({status}){}{}", MayHaveExecuted(*may_have_executed), StderrTail(stderr))]
    Crashed {
        /// The plugin.
        id: PluginId,
        /// How it ended: `exit status: 3`, `signal: 6 (SIGABRT)`, or `connection lost`
        /// where the plugin is not this host's child.
        status: String,
        /// The last lines that it wrote to standard error.
        stderr: Vec<String>,
        /// Whether the call may have had an effect before.
        may_have_executed: bool,
    },

    /// The plugin is not loaded, or is on its way out.
    #[error("{id} is not available: {reason}")]
    Unavailable {
        /// The plugin.
        id: PluginId,
        /// Why, for people.
        reason: String,
    },

    /// The registry or the plugin's server has been stopped.
    #[error("stopped")]
    Stopped,

    /// The call was not answered in time.
    #[error("{what} was not answered within {after:?}")]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
    },

    /// The plugin has no such method.
    #[error("unknown method {method:?}")]
    UnknownMethod {
        /// The wire name.
        method: String,
    },

    /// The arguments did not decode at the other end, or could not be encoded.
    #[error("arguments of {method:?}: {detail}")]
    Arguments {
        /// The wire name.
        method: String,
        /// The parameter at fault, where it is known.
        parameter: Option<String>,
        /// What was expected there, where it is known.
        expected: Option<String>,
        /// What happened, for people.
        detail: String,
    },

    /// The result of a call did not decode.
    #[error("the result of {method:?} is not what the client expects: {source}")]
    Decode {
        /// The wire name.
        method: String,
        /// What the decoder says.
        #[source]
        source: serde_json::Error,
    },

    /// A body is larger than the limit.
    #[error("the body is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },

    /// The handler panicked; the plugin lives on.
    #[error("the handler of {method:?} panicked: {detail}")]
    Panicked {
        /// The wire name.
        method: String,
        /// The panic's message, where it has one.
        detail: String,
    },

    /// The plugin answered with an error that has no variant of its own here.
    #[error("{id} failed to answer {method:?}: {detail}")]
    Remote {
        /// The plugin.
        id: PluginId,
        /// The wire name.
        method: String,
        /// The plugin's own words.
        detail: String,
    },

    /// The method itself answered with an error. Typed clients turn this into
    /// [`CallError::Method`].
    #[error(transparent)]
    Method(#[from] MethodFailure),

    /// The plugin does not offer what the client was generated for.
    #[error("{id} does not fulfil the contract of {client}:{}", Lines(differences))]
    Contract {
        /// The plugin.
        id: PluginId,
        /// The client's type.
        client: &'static str,
        /// One line for each difference, both sides shown.
        differences: Vec<String>,
    },

    /// No host has registered this callback.
    #[error("no host has registered the callback {callback:?}")]
    NotRegistered {
        /// The wire name.
        callback: String,
    },

    /// A callback was called outside every plugin, or where more than one could be
    /// meant.
    #[error("the callback {callback:?} does not know its plugin: {reason}")]
    NoPlugin {
        /// The wire name.
        callback: String,
        /// Why, for people.
        reason: &'static str,
    },

    /// The other end said something that the protocol does not allow.
    #[error("protocol violation: {0}")]
    Protocol(String),

    /// Reading or writing failed.
    #[error("{context}: {source}")]
    Io {
        /// What was being done, and to what.
        context: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// An I/O error with what was being done.
    pub fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }

    /// Whether the call that failed may have had an effect in the plugin. `false`
    /// means that a retry is safe.
    pub fn may_have_executed(&self) -> bool {
        match self {
            Self::Crashed { may_have_executed, .. } => *may_have_executed,
            Self::Deadline { .. }
            | Self::Decode { .. }
            | Self::TooLarge { .. }
            | Self::Panicked { .. }
            | Self::Remote { .. }
            | Self::Method(_)
            | Self::Protocol(_)
            | Self::Io { .. } => true,
            _ => false,
        }
    }
}

/// The error with which a method itself answered, before it has a type.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct MethodFailure {
    /// The error value as JSON; absent where the peer gave none.
    pub error: Option<Box<RawValue>>,
    /// The error's text, for people.
    pub detail: String,
}

/// What a call of a typed client can answer instead of a result.
///
/// `E` is the error type of the method as its author declared it.
///
/// ```
/// #[derive(Debug)]
/// enum DivideError { ByZero }
///
/// fn explain(error: goplug::CallError<DivideError>) -> String {
///     match error {
///         goplug::CallError::Method(DivideError::ByZero) => "by zero".into(),
///         goplug::CallError::Goplug(error) => error.to_string(),
///     }
/// }
/// assert_eq!(explain(goplug::CallError::Method(DivideError::ByZero)), "by zero");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum CallError<E: fmt::Debug> {
    /// The method's own error.
    #[error("the method answered with an error: {0:?}")]
    Method(E),
    /// Everything else.
    #[error(transparent)]
    Goplug(#[from] Error),
}

impl<E: fmt::Debug> CallError<E> {
    /// Whether the call may have had an effect; see [`Error::may_have_executed`].
    pub fn may_have_executed(&self) -> bool {
        match self {
            Self::Method(_) => true,
            Self::Goplug(error) => error.may_have_executed(),
        }
    }
}

/// An error that crossed the wire without its type: its text, and the texts of
/// what caused it. `anyhow::Error` and [`Error`] arrive as this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteError {
    message: String,
    #[serde(default)]
    chain: Vec<String>,
}

impl RemoteError {
    /// An error with this text, and the texts of its causes, nearest first.
    pub fn new(message: impl Into<String>, chain: Vec<String>) -> Self {
        Self { message: message.into(), chain }
    }

    /// The error's text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The texts of its causes, nearest first.
    pub fn chain(&self) -> &[String] {
        &self.chain
    }
}

impl From<&anyhow::Error> for RemoteError {
    fn from(error: &anyhow::Error) -> Self {
        let mut texts = error.chain().map(ToString::to_string);
        let message = texts.next().unwrap_or_default();
        Self { message, chain: texts.collect() }
    }
}

impl From<&Error> for RemoteError {
    fn from(error: &Error) -> Self {
        let causes = std::iter::successors(std::error::Error::source(error), |e| e.source());
        Self { message: error.to_string(), chain: causes.map(ToString::to_string).collect() }
    }
}

/// The message and its causes in one line: `a: b: c`.
impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.chain.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl std::error::Error for RemoteError {}

struct StderrTail<'a>(&'a [String]);

impl fmt::Display for StderrTail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("; its standard error ends:")?;
        Lines(self.0).fmt(f)
    }
}

struct MayHaveExecuted(bool);

impl fmt::Display for MayHaveExecuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "; the call may have executed" } else { "" })
    }
}

struct Lines<'a>(&'a [String]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
