//! Methods and callbacks: what of them is written and read, and by whom.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::check::{Checker, Found, Outcome, Step};
use super::node::{ANY, Node};
#[cfg(feature = "host")]
use super::report::Comparison;
use super::report::{Difference, Member, MemberKind};
use super::side::{Pair, Side};
use super::spelling::{is_bytes, schema};
use super::value_set::{Field, Objects};
use super::verdict::Verdict;
use crate::protocol::descriptor::{fingerprint, signature};
use crate::protocol::spelling::{is_nothing, may_be_missing, only_bytes, success};
use crate::protocol::{Parameter, TypeDescriptor};

/// A member as one side describes it.
pub(super) struct Described<'a> {
    pub(super) kind: MemberKind,
    pub(super) name: &'a str,
    pub(super) params: &'a [Parameter],
    /// The last parameter of a method, if it is a stream.
    pub(super) incoming: Option<&'a Parameter>,
    pub(super) returns: &'a TypeDescriptor,
    pub(super) error: Option<&'a TypeDescriptor>,
    /// What the method reports while it works.
    pub(super) progress: Option<&'a TypeDescriptor>,
    pub(super) stream: bool,
    pub(super) fingerprint: &'a str,
}

impl Described<'_> {
    /// Whether it says nothing of its types that could be compared.
    fn is_silent(&self) -> bool {
        let has_schema = self.types().any(|ty| ty.schema.is_some());
        let has_bytes = only_bytes(self.params).is_some() || is_bytes(&self.returns.spelling);
        let has_types = self.types().next().is_some();
        // A fingerprint may be stated without the types that it was made of.
        let is_named_only = self.returns.spelling.is_empty()
            && (self.fingerprint.is_empty() || self.fingerprint != fingerprint(&self.signature()));
        !has_schema && !has_bytes && (has_types || is_named_only)
    }

    fn signature(&self) -> String {
        let params: Vec<_> = self.params.iter().chain(self.incoming).cloned().collect();
        signature(self.name, &params, self.returns, self.stream)
    }

    /// Every type that it has, without results that are nothing.
    fn types(&self) -> impl Iterator<Item = &TypeDescriptor> {
        let returns = Some(self.returns).filter(|ty| ty.schema.is_some() || !is_unit(&ty.spelling));
        let params = self.params.iter().chain(self.incoming).map(|param| &param.ty);
        params.chain(returns).chain(self.error)
    }
}

fn is_unit(spelling: &str) -> bool {
    matches!(success(spelling), unit if unit.is_empty() || is_nothing(unit))
}

/// Compares one member that both sides have.
pub(super) fn member<'a>(
    checker: &mut Checker<'a>,
    client: &Described<'a>,
    plugin: &Described<'a>,
) -> Member {
    let mut parts = Parts { checker, differences: Vec::new(), verdict: Verdict::Same };
    let by_spelling = client.is_silent() || plugin.is_silent();
    if by_spelling {
        parts.spelled(client, plugin);
    } else {
        parts.described(client, plugin);
    }
    parts.progress(client, plugin);
    let Parts { mut differences, verdict, .. } = parts;
    differences.sort_by_key(|difference| Reverse(difference.verdict));
    Member { kind: client.kind, name: client.name.to_owned(), verdict, by_spelling, differences }
}

/// What is said of signatures that differ where schemas are missing.
const UNDESCRIBED: &str = "the signatures differ, and a side has no schemas that say more";

#[cfg(feature = "host")]
impl Comparison {
    /// Says why the plugin's schemas are missing, for people, where signatures are all that could be
    /// compared.
    pub(crate) fn explain_missing_schemas(&mut self, reason: &str) {
        let members = self.members.iter_mut().filter(|member| member.by_spelling);
        let differences = members.flat_map(|member| &mut member.differences);
        for difference in differences.filter(|it| it.effect == UNDESCRIBED) {
            difference.effect =
                format!("the signatures differ, and the plugin did not say its schemas: {reason}");
            difference.advice =
                "see that the plugin answers `GET /` with its descriptor, or give both sides one \
                 signature"
                    .into();
        }
    }
}

/// The parts of a member, compared one after the other.
struct Parts<'c, 'a> {
    checker: &'c mut Checker<'a>,
    differences: Vec<Difference>,
    verdict: Verdict,
}

impl<'a> Parts<'_, 'a> {
    /// Only the spelled signatures, by their fingerprints.
    fn spelled(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        if client.fingerprint == plugin.fingerprint && !client.fingerprint.is_empty() {
            return;
        }
        if client.fingerprint.is_empty() || plugin.fingerprint.is_empty() {
            self.verdict = Verdict::Compatible;
            return;
        }
        let found = Found::new(
            Verdict::Incompatible,
            Side::Client,
            client.signature(),
            plugin.signature(),
            UNDESCRIBED,
        );
        let advice =
            "derive `schemars::JsonSchema` for the types, or give both sides one signature";
        self.add("", Outcome::of(found.advised(advice)));
    }

    fn described(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        let (asks, answers) = match client.kind {
            MemberKind::Callback => (Side::Plugin, Side::Client),
            _ => (Side::Client, Side::Plugin),
        };
        self.arguments(asks, client, plugin);
        self.incoming(client, plugin);
        let is_answer = client.kind == MemberKind::Callback;
        if client.stream != plugin.stream {
            let words = |stream| if stream { "a stream" } else { "one result" };
            let (c, p) = (words(client.stream), words(plugin.stream));
            let effect = "the client cannot read the result";
            self.add(
                "result",
                Outcome::of(Found::new(Verdict::Incompatible, Side::Client, c, p, effect)),
            );
        } else if is_answer && is_unit(&plugin.returns.spelling) {
            self.unasked(client, plugin);
        } else {
            let at = if is_answer { "answer" } else { "result" };
            let fingerprint = plugin.fingerprint;
            let outcome = self.types(answers, client.returns, plugin.returns, fingerprint);
            self.add(at, outcome);
        }
        self.errors(client, plugin);
    }

    /// The plugin does not wait for what the callback's handler answers.
    fn unasked(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        if is_unit(&client.returns.spelling) {
            return;
        }
        let found = Found::new(
            Verdict::Lossy,
            Side::Client,
            client.returns.spelling.as_str(),
            plugin.returns.spelling.as_str(),
            "the plugin does not wait for the answer",
        );
        self.add("answer", Outcome::of(found));
    }

    fn errors(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        let outcome = match (client.error, plugin.error) {
            (None, None) => return,
            (Some(_), None) => Outcome::compatible(),
            (None, Some(theirs)) => {
                let effect = "the client gets the error as a text";
                let theirs = theirs.spelling.as_str();
                let none = "no error of its own";
                let found = Found::new(Verdict::Compatible, Side::Plugin, theirs, none, effect);
                Outcome::of(found.advised(""))
            }
            (Some(ours), Some(theirs)) => {
                self.types(Side::Plugin, ours, theirs, plugin.fingerprint)
            }
        };
        self.add("error", outcome);
    }

    /// What the method reports. A client that does not listen reads nothing of it.
    fn progress(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        let Some(ours) = client.progress else { return };
        let outcome = match plugin.progress {
            Some(theirs) => self.types(Side::Plugin, ours, theirs, plugin.fingerprint),
            None => {
                let effect = "the client listens, and hears nothing before the result";
                let (ours, none) = (ours.spelling.as_str(), "no reports");
                let found = Found::new(Verdict::Compatible, Side::Client, ours, none, effect);
                Outcome::of(found.advised(""))
            }
        };
        self.add("progress", outcome);
    }

    /// One type, on both sides.
    fn types(
        &mut self,
        writer: Side,
        client: &'a TypeDescriptor,
        plugin: &'a TypeDescriptor,
        fingerprint: &str,
    ) -> Outcome {
        let spelled = [client, plugin].map(|ty| success(&ty.spelling));
        let bytes = [client, plugin].map(|ty| is_bytes(&ty.spelling));
        if bytes[0] != bytes[1] && writer == Side::Plugin {
            return raw(writer, bytes);
        }
        if bytes == [true, true] {
            return Outcome::same();
        }
        if let (Some(ours), Some(theirs)) = (schema(client), schema(plugin)) {
            let (written, read) = match writer {
                Side::Client => (ours, theirs),
                Side::Plugin => (theirs, ours),
            };
            let (written, read) = (Node::new(written), Node::new(read));
            return self.checker.check(&Pair { writer, written, read });
        }
        if spelled[0] == spelled[1] {
            return Outcome::same();
        }
        if fingerprint.is_empty() || spelled.contains(&"") {
            return Outcome::compatible();
        }
        let effect = "the spellings differ, and a side has no schema that says more";
        let [client, plugin] = spelled;
        let found = Found::new(Verdict::Incompatible, Side::Client, client, plugin, effect);
        let advice = "derive `schemars::JsonSchema` for the type, or spell it alike on both sides";
        Outcome::of(found.advised(advice))
    }

    fn arguments(&mut self, writer: Side, client: &Described<'a>, plugin: &Described<'a>) {
        let bytes = [only_bytes(client.params).is_some(), only_bytes(plugin.params).is_some()];
        if bytes[0] != bytes[1] {
            self.add("", raw(writer, bytes));
            return;
        }
        if bytes[0] {
            return;
        }
        let mut outcome = Outcome::same();
        let (mut ours, mut theirs) = (Objects::default(), Objects::default());
        for param in client.params {
            let other = plugin.params.iter().find(|other| other.name == param.name);
            match other {
                Some(other) if schema(&param.ty).is_none() || schema(&other.ty).is_none() => {
                    let spelled = self.types(writer, &param.ty, &other.ty, plugin.fingerprint);
                    outcome.join(spelled.at(Step::Key(param.name.clone())));
                }
                _ => add_param(&mut ours, param, writer == Side::Client),
            }
        }
        for param in plugin.params {
            let is_spelled = schema(&param.ty).is_none();
            let other = client.params.iter().find(|other| other.name == param.name);
            if other.is_none_or(|other| !is_spelled && schema(&other.ty).is_some()) {
                add_param(&mut theirs, param, writer == Side::Plugin);
            }
        }
        let (written, read) = match writer {
            Side::Client => (&ours, &theirs),
            Side::Plugin => (&theirs, &ours),
        };
        outcome.join(self.checker.arguments(writer, written, read));
        self.add("", outcome);
    }

    /// The items of the parameter that is a stream. Its name is not on the wire.
    fn incoming(&mut self, client: &Described<'a>, plugin: &Described<'a>) {
        let outcome = match (client.incoming, plugin.incoming) {
            (None, None) => return,
            (Some(ours), Some(theirs)) => {
                self.types(Side::Client, &ours.ty, &theirs.ty, plugin.fingerprint)
            }
            (ours, _) => {
                let words = |is| if is { "a stream" } else { "no stream" };
                let (c, p) = (words(ours.is_some()), words(ours.is_none()));
                let effect = "the plugin cannot read the arguments";
                Outcome::of(Found::new(Verdict::Incompatible, Side::Client, c, p, effect))
            }
        };
        self.add("items", outcome);
    }

    fn add(&mut self, root: &str, outcome: Outcome) {
        self.verdict = self.verdict.max(outcome.verdict);
        self.differences.extend(outcome.found.into_iter().map(|found| difference(root, found)));
    }
}

/// Adds a parameter to the object that the arguments are. A writer writes all of them.
fn add_param<'a>(objects: &mut Objects<'a>, param: &'a Parameter, is_written: bool) {
    let node = Node::new(schema(&param.ty).unwrap_or(&ANY));
    let required = is_written || !may_be_missing(&param.ty);
    objects.fields.insert(&param.name, Field { node, required });
}

/// One side has raw bytes, the other JSON.
fn raw(writer: Side, [client, plugin]: [bool; 2]) -> Outcome {
    let words = |is_bytes| if is_bytes { "raw bytes" } else { "JSON" };
    let (written, read) = match writer {
        Side::Client => (client, plugin),
        Side::Plugin => (plugin, client),
    };
    let effect = format!("{} reads a body of another kind", writer.other().name());
    Outcome::of(Found::new(Verdict::Incompatible, writer, words(written), words(read), effect))
}

/// What was found, with its way written out.
fn difference(root: &str, found: Found) -> Difference {
    let mut at = root.to_owned();
    let mut used_by: Vec<String> = Vec::new();
    for step in found.trail.iter().rev() {
        match step {
            Step::Key(key) => add_key(&mut at, key),
            Step::Entry => at.push_str(".*"),
            Step::Element => at.push_str("[*]"),
            Step::Index(index) => {
                let _ = write!(at, "[{index}]");
            }
            Step::Name(name) if used_by.last() != Some(name) => used_by.push(name.clone()),
            Step::Name(_) => {}
        }
    }
    Difference {
        verdict: found.verdict,
        at,
        client: found.client,
        plugin: found.plugin,
        used_by,
        effect: found.effect,
        advice: found.advice,
        witness: found.witness,
    }
}

fn add_key(at: &mut String, key: &str) {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    if key.is_empty() || !key.chars().all(is_plain) {
        let _ = write!(at, "[{key:?}]");
        return;
    }
    if !at.is_empty() {
        at.push('.');
    }
    at.push_str(key);
}

/// Compares what the host configures with what the plugin's activation reads.
pub(super) fn configuration<'a>(
    checker: &mut Checker<'a>,
    client: &'a TypeDescriptor,
    plugin: &'a TypeDescriptor,
) -> Member {
    let mut parts = Parts { checker, differences: Vec::new(), verdict: Verdict::Same };
    let outcome = parts.types(Side::Client, client, plugin, "");
    parts.add("configuration", outcome);
    let Parts { differences, verdict, .. } = parts;
    let by_spelling = schema(client).is_none() || schema(plugin).is_none();
    let kind = MemberKind::Configuration;
    Member { kind, name: String::new(), verdict, by_spelling, differences }
}

/// A member that the plugin does not have.
pub(super) fn missing(client: &Described<'_>, is_optional: bool) -> Member {
    let kind = client.kind.as_str();
    let (verdict, effect, advice) = if is_optional {
        (Verdict::Compatible, "the client can do without it", String::new())
    } else {
        (
            Verdict::Incompatible,
            "the client cannot do without it",
            format!("give the plugin the {kind}, or build the client without it"),
        )
    };
    let none = format!("no {kind} of this name");
    let found = Found::new(verdict, Side::Client, client.signature(), none, effect);
    Member {
        kind: client.kind,
        name: client.name.to_owned(),
        verdict,
        by_spelling: false,
        differences: vec![difference("", found.advised(advice))],
    }
}
