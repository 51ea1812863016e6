//! The text for people.

use std::cmp::Reverse;
use std::fmt;

use super::report::{Comparison, Difference, Member};
use super::side::Side;
use super::verdict::Verdict;
use crate::protocol::visible::OneLine;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<_> = self.differences().collect();
        all.sort_by_key(|(_, difference)| Reverse(difference.verdict));
        if all.is_empty() {
            return f.write_str(match self.verdict() {
                Verdict::Same => "everything that the client needs is the same",
                _ => "everything that the client needs is there",
            });
        }
        for (i, (member, difference)) in all.into_iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            difference.write(f, member, &Names::USUAL)?;
        }
        Ok(())
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &Names::USUAL)
    }
}

/// What the two sides are called, as the subject of a sentence.
pub(super) struct Names<'a> {
    pub(super) client: &'a str,
    pub(super) plugin: &'a str,
}

impl Names<'_> {
    const USUAL: Names<'static> =
        Names { client: Side::Client.name(), plugin: Side::Plugin.name() };

    /// A text with these names in the place of the usual ones.
    fn in_text(&self, text: &str) -> String {
        let parts = text.split(Self::USUAL.client);
        let parts: Vec<_> = parts.map(|it| it.replace(Self::USUAL.plugin, self.plugin)).collect();
        parts.join(self.client)
    }
}

/// A name without its article.
fn label(name: &str) -> &str {
    name.strip_prefix("the ").unwrap_or(name)
}

impl Member {
    /// The differences, with these names of the two sides.
    #[cfg(any(feature = "host", feature = "plugin"))]
    pub(super) fn text(&self, names: &Names<'_>) -> String {
        struct Text<'a>(&'a Member, &'a Names<'a>);
        impl fmt::Display for Text<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, self.1)
            }
        }
        Text(self, names).to_string()
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, names: &Names<'_>) -> fmt::Result {
        for (i, difference) in self.differences.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            difference.write(f, self, names)?;
        }
        Ok(())
    }
}

impl Difference {
    /// Writes the difference on several lines, the last one without a line end.
    fn write(&self, f: &mut fmt::Formatter<'_>, member: &Member, names: &Names<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, member.kind.as_str())?;
        if !member.name.is_empty() {
            write!(f, " `{}`", OneLine(&member.name))?;
        }
        if !self.at.is_empty() {
            write!(f, "\n  at: {}", OneLine(&self.at))?;
        }
        write!(f, "\n  {}: {}", label(names.client), OneLine(&self.client))?;
        write!(f, "\n  {}: {}", label(names.plugin), OneLine(&self.plugin))?;
        if !self.used_by.is_empty() {
            write!(f, "\n  used by: {}", OneLine(self.used_by.join(" → ")))?;
        }
        write!(f, "\n  effect: {}", OneLine(names.in_text(&self.effect)))?;
        if let Some(witness) = &self.witness {
            write!(f, ", as with {}", OneLine(witness))?;
        }
        if !self.advice.is_empty() {
            write!(f, "\n  to do: {}", OneLine(names.in_text(&self.advice)))?;
        }
        Ok(())
    }
}
