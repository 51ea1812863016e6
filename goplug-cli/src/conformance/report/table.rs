//! A table for people, and a document for programs.

use serde_json::{Value, json};

use super::super::side::{Tried, Verdict};
use super::super::suite::Title;
use crate::failure::{Outcome, one_line};
use crate::output::Output;

/// How many cases passed, failed and were skipped, in one line.
pub(crate) fn counts(tried: &[Tried<'_>]) -> String {
    let count = |is: fn(&Verdict) -> bool| tried.iter().filter(|tried| is(&tried.verdict)).count();
    let passed = count(|verdict| *verdict == Verdict::Passed);
    let failed = count(|verdict| matches!(verdict, Verdict::Failed(_)));
    let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
    format!("{passed} passed, {failed} failed, {skipped} skipped")
}

/// A row for each case, and the reasons of those that did not pass.
pub(crate) fn table(tried: &[Tried<'_>], output: &Output) -> Outcome<()> {
    let rows = tried.iter().map(|tried| {
        let (word, reason) = match &tried.verdict {
            Verdict::Passed => ("ok", tried.title.says.as_str()),
            Verdict::Failed(reason) => ("FAILED", reason.as_str()),
            Verdict::Skipped(reason) => ("skipped", reason.as_str()),
        };
        let title = tried.title;
        vec![word.into(), title.name.clone(), title.section.clone(), one_line(reason)]
    });
    output.table(&["", "CASE", "SECTION", "WHAT"], &[], rows.collect())
}

/// All cases as one document.
pub(crate) fn json(tried: &[Tried<'_>], stale: &[String]) -> Value {
    let cases = tried.iter().map(|tried| {
        let (verdict, reason) = match &tried.verdict {
            Verdict::Passed => ("passed", None),
            Verdict::Failed(reason) => ("failed", Some(reason)),
            Verdict::Skipped(reason) => ("skipped", Some(reason)),
        };
        let title = tried.title;
        json!({
            "name": title.name,
            "section": title.section,
            "says": title.says,
            "verdict": verdict,
            "reason": reason,
            "seconds": tried.took.as_secs_f64(),
        })
    });
    json!({ "cases": cases.collect::<Vec<_>>(), "stale": stale })
}

/// The cases that there are.
pub(crate) fn list(titles: &[&Title], output: &Output) -> Outcome<()> {
    if output.is_json() {
        let cases = titles.iter().map(
            |title| json!({ "name": title.name, "section": title.section, "says": title.says }),
        );
        return output.document(&cases.collect::<Vec<_>>());
    }
    let rows = titles
        .iter()
        .map(|title| vec![title.name.clone(), title.section.clone(), title.says.clone()]);
    output.table(&["CASE", "SECTION", "WHAT"], &[], rows.collect())
}
