//! The text for people.

use std::cmp::Reverse;
use std::fmt;

use super::report::{Comparison, Difference, Member};
use super::verdict::Verdict;
use crate::protocol::visible::OneLine;

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all: Vec<_> = self.differences().collect();
        all.sort_by_key(|(_, difference)| Reverse(difference.verdict));
        if all.is_empty() {
            return f.write_str(match self.verdict() {
                Verdict::Same => "both sides are the same",
                _ => "everything that the client needs is there",
            });
        }
        for (i, (member, difference)) in all.into_iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            difference.write(f, member)?;
        }
        Ok(())
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, difference) in self.differences.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            difference.write(f, self)?;
        }
        Ok(())
    }
}

impl Difference {
    /// Writes the difference on several lines, the last one without a line end.
    fn write(&self, f: &mut fmt::Formatter<'_>, member: &Member) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, member.kind.as_str())?;
        if !member.name.is_empty() {
            write!(f, " `{}`", OneLine(&member.name))?;
        }
        if !self.at.is_empty() {
            write!(f, "\n  at: {}", OneLine(&self.at))?;
        }
        write!(f, "\n  client: {}", OneLine(&self.client))?;
        write!(f, "\n  plugin: {}", OneLine(&self.plugin))?;
        if !self.used_by.is_empty() {
            write!(f, "\n  used by: {}", OneLine(self.used_by.join(" → ")))?;
        }
        write!(f, "\n  effect: {}", OneLine(&self.effect))?;
        if let Some(witness) = &self.witness {
            write!(f, ", as with {}", OneLine(witness))?;
        }
        if !self.advice.is_empty() {
            write!(f, "\n  to do: {}", OneLine(&self.advice))?;
        }
        Ok(())
    }
}
