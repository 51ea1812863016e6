//! The Test Anything Protocol, version 14: <https://testanything.org/tap-version-14-specification.html>.

use super::super::side::{Tried, Verdict};
use crate::failure::one_line;

/// The first lines.
pub(crate) fn plan(count: usize) -> String {
    format!("TAP version 14\n1..{count}\n")
}

/// The lines of a case.
pub(crate) fn line(number: usize, tried: &Tried<'_>) -> String {
    let title = format!("{number} - {}: {}", tried.title.name, escaped(&tried.title.says));
    match &tried.verdict {
        Verdict::Passed => format!("ok {title}\n"),
        Verdict::Skipped(reason) => format!("ok {title} # SKIP {}\n", escaped(reason)),
        Verdict::Failed(reason) => {
            let todo = if tried.is_known { " # TODO known to fail" } else { "" };
            let section = serde_json::json!(tried.title.section);
            let reason = serde_json::json!(one_line(reason));
            // A JSON string is one of YAML as well.
            let block = format!("  ---\n  section: {section}\n  message: {reason}\n  ...\n");
            format!("not ok {title}{todo}\n{block}")
        }
    }
}

/// The lines about stale entries of known failures, behind the last case.
pub(crate) fn stale(lines: &[String]) -> String {
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

/// A text in which nothing begins a directive.
fn escaped(text: &str) -> String {
    one_line(text).replace('\\', "\\\\").replace('#', "\\#")
}
