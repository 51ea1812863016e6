//! The parts of errors' texts that are there only sometimes.

use std::fmt;

use crate::protocol::visible::Lines;

/// The last lines of standard error, if there are any.
pub(super) struct StderrTail<'a>(pub(super) &'a [String]);

impl fmt::Display for StderrTail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        f.write_str("; its standard error ends:")?;
        List(self.0).fmt(f)
    }
}

/// Whether the call may have executed; a text only if so.
pub(super) struct MayHaveExecuted(pub(super) bool);

impl fmt::Display for MayHaveExecuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "; the call may have executed" } else { "" })
    }
}

/// Whether it is certain that the plugin has not begun the call; a text only if so.
pub(super) struct NotBegun(pub(super) bool);

impl fmt::Display for NotBegun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "; the plugin has not begun the call" } else { "" })
    }
}

/// The reason, if it is known.
pub(super) struct Reason<'a>(pub(super) &'a Option<String>);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|reason| write!(f, ": {}", Lines(reason)))
    }
}

/// What may have been meant, if there is something to say.
pub(super) struct Hint<'a>(pub(super) &'a Option<String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|hint| write!(f, "; {}", Lines(hint)))
    }
}

/// One indented line for each text.
pub(super) struct List<'a>(pub(super) &'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {}", Lines(line)))
    }
}
