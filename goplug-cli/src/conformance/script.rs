//! The format of the cases for hosts: a plugin that follows a script, and what the host has to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::Body;
use super::suite::Content;

/// How a sentence of the page is tried on a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HostCase {
    /// What the host does, if it is not `add`.
    pub(super) task: Option<Task>,
    /// Keys of the `.pconf` that are others, or `null` for none.
    #[serde(default)]
    pub(super) keys: BTreeMap<String, Value>,
    /// Other files of the folder.
    #[serde(default)]
    pub(super) files: BTreeMap<String, Body>,
    #[serde(default)]
    pub(super) script: Script,
    /// Whether the host's call succeeds.
    pub(super) succeeds: bool,
    /// A pattern of the lines that the host prints, as JSON.
    pub(super) prints: Option<Value>,
    /// A pattern of what each process of the plugin has found at its start.
    pub(super) started: Option<Value>,
    /// A pattern of how many processes of the plugin there are.
    pub(super) processes: Option<Value>,
    #[serde(default)]
    pub(super) requests: Vec<Requests>,
    #[serde(default)]
    pub(super) replies: Vec<Replies>,
}

/// What the host does with the plugin.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Task {
    /// Registers callbacks, and calls `add`.
    Listen,
    /// Reads a stream.
    Count,
    /// Reads the first item of a stream, gives it up, and calls `add`.
    First,
    /// Reads a stream of bytes.
    Download,
    /// Sends a stream.
    Ingest,
    /// Sends a stream that has no end.
    IngestEndless,
    /// Sends a stream of bytes.
    Upload,
    /// Listens to the progress of a call.
    Sum,
}

/// What the host sends of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Requests {
    pub(super) to: String,
    /// A pattern of how many there are.
    pub(super) times: Value,
    /// A pattern of each.
    pub(super) are: Option<Value>,
    /// A pattern of all, in their order.
    pub(super) in_order: Option<Value>,
}

/// The host's replies to an event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Replies {
    /// The id of the event.
    pub(super) to: u64,
    /// A pattern of how many there are, if not one.
    pub(super) times: Option<Value>,
    /// A pattern of each.
    pub(super) are: Option<Value>,
}

impl Content for HostCase {
    fn check(&self) -> Result<(), String> {
        let shows_something = self.succeeds
            || self.prints.is_some()
            || self.processes.is_some()
            || !self.requests.is_empty();
        if !shows_something {
            return Err("a host that does nothing would pass".into());
        }
        if self.task.is_some() && self.prints.is_none() {
            return Err("a task without `prints`".into());
        }
        Ok(())
    }
}

/// What a plugin does otherwise than a good one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Script {
    /// Members of the descriptor that are others.
    pub(super) descriptor: Map<String, Value>,
    /// The answers to the first requests of each kind; then come good ones.
    pub(super) answers: BTreeMap<String, Vec<Answer>>,
    /// Prints this many lines on both outputs, before it accepts a connection.
    pub(super) prints: usize,
    /// Only SIGKILL ends it.
    pub(super) stays: bool,
}

/// An answer: what is done, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Answer {
    Actions(Vec<Action>),
    One(Action),
}

impl Answer {
    pub(super) fn actions(&self) -> &[Action] {
        match self {
            Self::Actions(actions) => actions,
            Self::One(action) => std::slice::from_ref(action),
        }
    }
}

/// A part of an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Action {
    /// What a good plugin does.
    Good,
    /// These bytes.
    Bytes(Body),
    /// These bytes, one after the other.
    Bytewise(Body),
    /// These bytes, and the end of the connection.
    Last(Body),
    /// The process ends with this status.
    Exit(i32),
    /// An activation with this descriptor.
    Descriptor(Value),
    /// The head of an answer in chunks, with this media type.
    Head(String),
    /// A chunk; an empty one is the last.
    Chunk(Body),
    /// This chunk again and again, until the host closes the connection.
    Endless(Body),
    /// Waits until the host has sent something.
    Until(Until),
    /// Waits until the host has closed a connection whose last request was to this.
    UntilClosed(String),
    /// As the first action: the body of the request is not read before the answer.
    Unread,
    /// Reads this many events of the body of the request.
    Events(usize),
}

/// What is waited for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Until {
    pub(super) to: String,
    /// How many requests.
    pub(super) times: usize,
}

#[cfg(test)]
mod tests {
    use super::super::suite::read;
    use super::*;

    #[test]
    fn a_case_that_a_host_passes_by_doing_nothing_is_refused() {
        let nothing = [
            r#""succeeds": false"#,
            r#""succeeds": true, "task": "count""#,
            r#""succeeds": true, "task": "nonsense", "prints": []"#,
            r#""succeeds": true, "script": {"answers": {"add": ["better"]}}"#,
        ];
        for members in nothing {
            let case = format!(r#"{{"name": "n", "says": "x", {members}}}"#);
            let text = format!(r#"{{"section": "Calls", "cases": [{case}]}}"#);
            let failure = read::<HostCase>(&[("some", &text)]).unwrap_err();
            assert!(failure.line().starts_with(r#"conformance/some.json: "n": "#), "{members}");
        }
    }
}
