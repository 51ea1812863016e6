//! The format of the cases for hosts: a plugin that follows a script, and what the host has to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::Body;

/// How a sentence of the page is tried on a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HostCase {
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
    /// A pattern of what each process of the plugin has found at its start.
    pub(super) started: Option<Value>,
    /// A pattern of how many processes of the plugin there are.
    pub(super) processes: Option<Value>,
    #[serde(default)]
    pub(super) requests: Vec<Requests>,
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
}

/// What a plugin does otherwise than a good one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Script {
    /// The answers to the first requests of each kind; then come good ones.
    pub(super) answers: BTreeMap<String, Vec<Reply>>,
    /// Prints this many lines on both outputs, before it accepts a connection.
    pub(super) prints: usize,
    /// Only SIGKILL ends it.
    pub(super) stays: bool,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Reply {
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
}
