//! Cases that are known to fail: a file with a name on each line, `#` before a comment.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::side::{Tried, Verdict};
use crate::failure::{Failure, Outcome};

/// The names of a file.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeSet<String>);

impl Known {
    pub(super) fn read(file: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        Ok(Self(lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()))
    }

    /// Whether a failure of this case is none.
    pub(super) fn contains(&self, case: &str) -> bool {
        self.0.contains(case)
    }

    /// The lines whose cases do not fail: each with the reason why it should go. A case that is not tried can
    /// only be judged where `all` are.
    pub(super) fn stale(&self, tried: &[Tried<'_>], all: bool) -> Vec<String> {
        let reason = |name: &String| match tried.iter().find(|tried| tried.title.name == *name) {
            Some(tried) => match tried.verdict {
                Verdict::Failed(_) => None,
                Verdict::Passed => Some(format!("{name} is known to fail, and passes")),
                Verdict::Skipped(_) => Some(format!("{name} is known to fail, and is skipped")),
            },
            None => all.then(|| format!("{name} is known to fail, and there is no such case")),
        };
        self.0.iter().filter_map(reason).collect()
    }
}
