//! The format of the cases; `conformance/README.md` describes it for those who run them in another way.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::body::Body;

/// How a sentence of the page is tried on a plugin.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PluginCase {
    #[serde(default)]
    pub(super) process: Kind,
    pub(super) start: Option<Start>,
    #[serde(default)]
    pub(super) needs: Needs,
    /// Whether a plugin that has to share the processor may miss a time of this case.
    #[serde(default)]
    pub(super) alone: bool,
    pub(super) find: Option<Find>,
    /// Each is a [`Step`], but for the variables in it.
    pub(super) steps: Vec<Value>,
}

/// The process that a case is tried on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    /// An active one, which other cases use too, and which is alive at the end.
    #[default]
    Shared,
    /// An active one of the case's own.
    Own,
    /// One of the case's own that is not active.
    New,
    /// None.
    None,
}

/// How a process of the case's own is started, if in another way than by a host.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Start {
    pub(super) listen_pid: Option<u32>,
    pub(super) broken_output: bool,
    /// Whether it gets no socket and no lifeline.
    pub(super) alone: bool,
}

/// What the plugin has to have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Needs {
    /// Methods and callbacks of the conformance plugin.
    pub(super) members: Vec<String>,
    pub(super) features: Vec<String>,
    pub(super) services: Vec<String>,
    /// A `.pconf`.
    pub(super) pconf: bool,
    /// The configuration of the conformance plugin.
    pub(super) configuration: bool,
}

/// Which of the plugin's methods is tried: the variables `method`, `parameter` and `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Find {
    Any,
    FirstInteger,
    FirstUnsigned,
    FirstText,
    FirstObject,
}

impl Find {
    /// What is looked for, behind "a method".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Any => "at all",
            Self::FirstInteger => "whose first parameter is a signed integer",
            Self::FirstUnsigned => "whose first parameter is an unsigned integer",
            Self::FirstText => "whose first parameter is a text",
            Self::FirstObject => "whose first parameter is a type of its own",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Step {
    Request(Request),
    /// Repeats a request until the answer fits.
    Until(Request),
    /// Sends bytes as they are.
    Send(Send),
    /// Sends a chunk of a body; an empty one ends the body.
    Chunk(Send),
    Answer(Read),
    /// Reads an answer up to its body.
    Head(Read),
    /// Sends bytes that the plugin has to refuse: an answer of 4xx or 5xx, or none, and the end.
    Refused(Body),
    Events(Events),
    SkipEvents(SkipEvents),
    Ends(Ends),
    IsOpen(String),
    Close(String),
    /// Ends the sending half of a connection.
    HalfClose(String),
    /// Activates the plugin with this configuration.
    Activate(Value),
    Terminate,
    EndHost,
    Exit(Exit),
    /// The process has printed something.
    HasPrinted,
    /// Waits for a file.
    File(String),
    NoFile(String),
    Touch(String),
    Sleep(u64),
    Each(Each),
    Repeat(Repeat),
    /// Runs steps on a second process, which is activated.
    Other(Vec<Value>),
    Check(Check),
}

/// What no request can show.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    PconfNames,
    PconfDigests,
    PconfMembers,
    PconfModes,
    PconfServices,
    PconfPermissions,
    PconfAlone,
    DescriptorIdentity,
    DescriptorOrder,
    Fingerprints,
    Described,
    OpenapiPaths,
    ChildFiles,
    StreamOfReplies,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Request {
    /// A method, or a target if it begins with a slash.
    pub(super) to: String,
    #[serde(default = "post")]
    pub(super) verb: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: Body,
    /// The chunks of the body.
    pub(super) chunks: Option<Vec<Body>>,
    /// The connection; a new one, if this is absent or new.
    pub(super) on: Option<String>,
    pub(super) answer: Option<Answers>,
}

fn post() -> String {
    "POST".into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Send {
    pub(super) on: Option<String>,
    pub(super) bytes: Body,
    /// Sends this many at a time.
    pub(super) by: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Read {
    pub(super) on: String,
    pub(super) is: Answers,
}

/// What is right as an answer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Answers {
    // The first: an array is a struct as well, if serde is asked for one.
    AnyOf(Vec<Answer>),
    One(Box<Answer>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Answer {
    /// A number, or `4xx`, or `error`.
    pub(super) status: Option<Value>,
    /// Patterns of the values; `null` for a header that is not there.
    pub(super) headers: BTreeMap<String, Value>,
    /// Exactly this.
    pub(super) body: Option<Body>,
    /// Patterns of trailers, as of headers.
    pub(super) trailers: BTreeMap<String, Value>,
    /// A pattern of the body as text.
    pub(super) text: Option<Value>,
    /// A pattern of the body as JSON.
    pub(super) json: Option<Value>,
    /// The result of a call: status, media type and JSON.
    pub(super) result: Option<Value>,
    /// The name of a problem: status, media type and document.
    pub(super) problem: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Events {
    pub(super) on: String,
    #[serde(default)]
    pub(super) are: Vec<Value>,
    /// Whether the stream then ends as it should.
    #[serde(default)]
    pub(super) end: bool,
}

/// An event, with patterns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Event {
    pub(super) event: Option<Value>,
    pub(super) id: Option<Value>,
    pub(super) traceparent: Option<Value>,
    /// Of the data as JSON.
    pub(super) data: Option<Value>,
    /// Of the data as text.
    pub(super) text: Option<Value>,
    /// Of the data as base64.
    pub(super) bytes: Option<Body>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SkipEvents {
    pub(super) on: String,
    pub(super) event: String,
    pub(super) at_most: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ends {
    pub(super) on: String,
    /// How an answer may begin that comes before the end.
    pub(super) maybe: Option<String>,
}

/// Which exit status is right.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Exit {
    /// One of these; the negative number of a signal.
    OneOf(Vec<i32>),
    Named(NamedExit),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum NamedExit {
    /// Not 0.
    Failure,
    /// 0; also SIGTERM, where there is no stop hook to run.
    InOrder,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Each {
    pub(super) value: String,
    pub(super) of: Vec<Value>,
    pub(super) steps: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Repeat {
    pub(super) value: String,
    pub(super) times: u64,
    pub(super) steps: Vec<Value>,
}
