//! How the command fails: a sentence and an exit status that names the cause.

use std::io;
use std::process::ExitCode;

use goplug::Error;
use serde::Serialize;

/// What a verb returns.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// An exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Success = 0,
    /// The command line is wrong: the verb, a name, or a value.
    Usage = 1,
    /// The plugin does not exist, cannot be started, or cannot be reached.
    Unreachable = 2,
    /// The two sides disagree on their contract or on the protocol.
    Contract = 3,
    /// The method returned its own error, or the plugin answered with one of an unknown kind.
    Method = 4,
    /// The time ran out.
    Deadline = 5,
    /// The plugin's process ended, or its method panicked.
    Crash = 6,
    /// As a shell says it: 128 and the number of SIGINT.
    Interrupted = 130,
}

impl Status {
    /// The cause in a word, for programs.
    fn cause(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::Contract => "contract",
            Self::Method => "method",
            Self::Deadline => "deadline",
            Self::Crash => "crash",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why a verb did not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    message: String,
    /// The method's own error, as JSON.
    error: Option<serde_json::Value>,
}

/// A failure, as `--json` prints it.
#[derive(Serialize)]
struct Described<'a> {
    cause: &'static str,
    status: u8,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a serde_json::Value>,
}

impl Failure {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), error: None }
    }

    /// The user asked for something that does not exist or has another form.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Status::Usage, message)
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(Status::Unreachable, message)
    }

    /// The same failure, which says what it is about.
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// The same failure, which says what helps.
    pub(crate) fn hint(self, what: &str) -> Self {
        Self { message: format!("{}; {what}", self.message), ..self }
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Status::Interrupted, "interrupted")
    }

    /// The reader of the output is gone, as with `| head`: no failure that anybody wants to read.
    pub(crate) fn is_closed_output(&self) -> bool {
        self.status == Status::Success
    }

    /// What happened, in one line.
    pub(crate) fn line(&self) -> String {
        one_line(&self.message)
    }

    /// One JSON object.
    pub(crate) fn json(&self) -> String {
        let described = Described {
            cause: self.status.cause(),
            status: self.status as u8,
            message: &self.message,
            error: self.error.as_ref(),
        };
        // Strings and values are always JSON.
        serde_json::to_string(&described).unwrap_or_default()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = status_of(&error);
        let own = match &error {
            Error::Method(failure) => failure.error.as_ref(),
            _ => None,
        };
        let own = own.and_then(|error| serde_json::from_str(error.get()).ok());
        Self { status, message: error.to_string(), error: own }
    }
}

impl From<io::Error> for Failure {
    /// Of what the command itself reads and writes.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(Status::Success, "the output is closed"),
            _ => Self::unreachable(error.to_string()),
        }
    }
}

/// A text of several lines, as of a plugin's last output, as one line.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("; ")
}

/// Names as a sentence has them: `a, b or c`, where `or` is the word before the last.
pub(crate) fn list(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [others @ .., last] => format!("{} {word} {last}", others.join(", ")),
    }
}

fn status_of(error: &Error) -> Status {
    match error {
        // Of another kind than goplug knows, it is an error with which the plugin answers all the same.
        Error::Method(_) | Error::Remote { .. } => Status::Method,
        Error::Deadline { .. } => Status::Deadline,
        Error::Crashed { .. } | Error::Panicked { .. } | Error::Unfinished { .. } => Status::Crash,
        Error::Contract { .. }
        | Error::NotProvided { .. }
        | Error::PermissionsDenied { .. }
        | Error::ConsentRequired { .. }
        | Error::NotOffered { .. }
        | Error::Decode { .. }
        | Error::Protocol(_) => Status::Contract,
        Error::UnknownMethod { .. }
        | Error::Arguments { .. }
        | Error::TooLarge { .. }
        // Such as a variable with a wrong value.
        | Error::Configuration(_)
        | Error::InvalidName(_) => Status::Usage,
        _ => Status::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use goplug::{MethodFailure, PluginId};

    use super::*;

    #[test]
    fn a_failure_is_one_line_and_one_object() {
        let failure = Failure::unreachable("it did not start\n  last output:\n\n  boom");
        assert_eq!(failure.line(), "it did not start; last output:; boom");
        let object: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        assert_eq!((&object["cause"], &object["status"]), (&"unreachable".into(), &2.into()));
    }

    fn id() -> PluginId {
        PluginId::new("a", "").unwrap()
    }

    fn text() -> String {
        "text".into()
    }

    fn assert_status(status: Status, errors: impl IntoIterator<Item = Error>) {
        for error in errors {
            assert_eq!(status_of(&error), status, "{error:?}");
        }
    }

    #[test]
    fn what_the_caller_has_written_is_usage() {
        let (method, detail) = (text(), text());
        let errors = [
            Error::InvalidName("".parse::<PluginId>().unwrap_err()),
            Error::Configuration(text()),
            Error::UnknownMethod { method: text() },
            Error::Arguments { method, parameter: None, expected: None, detail },
            Error::TooLarge { limit: 1 },
        ];
        assert_status(Status::Usage, errors);
    }

    #[test]
    fn what_keeps_a_call_from_its_plugin_is_unreachable() {
        let source = || io::Error::from(io::ErrorKind::PermissionDenied);
        let errors = [
            Error::NotFound { id: id(), folder: text().into(), hint: None },
            Error::Rejected { path: text().into(), reason: text() },
            Error::Start { id: id(), reason: text(), stderr: Vec::new() },
            Error::Unavailable { id: id(), reason: text() },
            Error::Stopped,
            Error::Connect { id: id(), reason: text(), source: source() },
            Error::Io { context: text(), source: source() },
        ];
        assert_status(Status::Unreachable, errors);
    }

    #[test]
    fn what_the_sides_disagree_on_is_contract() {
        let source = serde_json::from_str::<u8>("").unwrap_err();
        let errors = [
            Error::Contract { id: id(), client: "", differences: Vec::new() },
            Error::NotProvided { id: id(), service: text(), reason: text() },
            Error::NotOffered { id: id(), method: text() },
            Error::Decode { method: text(), source },
            Error::Protocol(text()),
        ];
        assert_status(Status::Contract, errors);
    }

    #[test]
    fn what_became_of_the_method_is_a_status_of_its_own() {
        let answered = [
            Error::Method(MethodFailure { error: None, detail: text() }),
            Error::Remote { id: id(), method: text(), detail: text() },
        ];
        assert_status(Status::Method, answered);
        let (what, after) = (text(), Duration::ZERO);
        let late = Error::Deadline { what, after, reason: None, may_have_executed: true };
        assert_status(Status::Deadline, [late]);
        let (status, stderr) = (text(), Vec::new());
        let ended = [
            Error::Crashed { id: id(), status, stderr, may_have_executed: true },
            Error::Panicked { method: text(), detail: text() },
            Error::Unfinished { id: id(), status: text() },
        ];
        assert_status(Status::Crash, ended);
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(list(&[], "or"), "");
        assert_eq!(list(&["a"], "or"), "a");
        assert_eq!(list(&["a", "b"], "and"), "a and b");
        assert_eq!(list(&["a", "b", "c"], "or"), "a, b or c");
    }

    #[test]
    fn a_closed_output_is_no_failure_to_speak_of() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_closed_output());
        assert!(!Failure::usage("no").is_closed_output());
    }
}
