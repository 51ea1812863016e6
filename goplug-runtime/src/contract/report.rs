//! What a comparison found.

use serde::Serialize;
use serde_json::Value;

use super::verdict::Verdict;

/// What a client needs, beside what a plugin offers: [`compare`](super::compare) makes it.
///
/// Its `Display` is the text for people: each difference on several lines, the worst first.
/// Serialized, it is the same for programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Every member that the client needs: its methods, its callbacks, the configuration.
    pub members: Vec<Member>,
}

/// One member that a client needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// Its name on the wire; empty for the configuration.
    pub name: String,
    /// How well both sides fit, for this member.
    pub verdict: Verdict,
    /// Whether only names and spelled types were compared, since a side has no schemas for it.
    pub by_spelling: bool,
    /// Each difference, the worst first. A member that is the same has none.
    pub differences: Vec<Difference>,
}

/// The kind of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MemberKind {
    /// A function of the plugin that the client calls.
    Method,
    /// A function of the client that the plugin calls.
    Callback,
    /// What the plugin's activation reads.
    Configuration,
}

/// One difference between the two sides of a member.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// What it means for values on their way.
    pub verdict: Verdict,
    /// The place: a parameter, `result`, `error` or `answer`, and the path within its JSON, as in
    /// `order.lines[*].price`. Empty for the member as a whole.
    pub at: String,
    /// What the client has at this place.
    pub client: String,
    /// What the plugin has at this place.
    pub plugin: String,
    /// The names of the types that lead to this place, the outermost first.
    pub used_by: Vec<String>,
    /// What happens to values.
    pub effect: String,
    /// What to do.
    pub advice: String,
    /// A value of the parameter, result, error or answer to which it happens, if one could be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Value>,
}

impl Comparison {
    /// The worst verdict of all members; [`Verdict::Same`] if there are none.
    pub fn verdict(&self) -> Verdict {
        self.members.iter().map(|member| member.verdict).max().unwrap_or(Verdict::Same)
    }

    /// Every difference with its member, in the order of the members.
    pub fn differences(&self) -> impl Iterator<Item = (&Member, &Difference)> {
        self.members.iter().flat_map(|member| member.differences.iter().map(move |d| (member, d)))
    }

    /// The method of this name, if the client needs it.
    pub fn method(&self, name: &str) -> Option<&Member> {
        self.member(MemberKind::Method, name)
    }

    /// The callback of this name, if the client needs it.
    pub fn callback(&self, name: &str) -> Option<&Member> {
        self.member(MemberKind::Callback, name)
    }

    fn member(&self, kind: MemberKind, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.kind == kind && member.name == name)
    }
}

impl MemberKind {
    /// The kind's name: `method`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Callback => "callback",
            Self::Configuration => "configuration",
        }
    }
}
