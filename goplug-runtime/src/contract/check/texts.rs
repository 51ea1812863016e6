//! Strings and booleans.

use serde_json::Value;

use super::found::{Found, Outcome};
use crate::contract::describe::describe_texts;
use crate::contract::side::Side;
use crate::contract::value_set::{Bools, Texts};
use crate::contract::verdict::Verdict;

pub(super) fn bools(writer: Side, written: Bools, read: Bools) -> Outcome {
    let missing = if written.no && !read.no {
        false
    } else if written.yes && !read.yes {
        true
    } else if written == read {
        return Outcome::same();
    } else {
        return Outcome::compatible();
    };
    let effect = format!("{} does not read `{missing}`", writer.other().name());
    let [w, r] = [written, read].map(|bools| match (bools.no, bools.yes) {
        (true, true) => "boolean".to_owned(),
        (_, yes) => yes.to_string(),
    });
    let found = Found::new(Verdict::Incompatible, writer, w, r, effect);
    Outcome::of(found.with(Some(Value::Bool(missing))))
}

/// Strings, of which at most one side is a list.
pub(super) fn check(writer: Side, written: &Texts<'_>, read: &Texts<'_>) -> Outcome {
    if written == read {
        return Outcome::same();
    }
    let found = |verdict, effect: &str, witness: Option<String>| {
        let [w, r] = [written, read].map(describe_texts);
        Outcome::of(Found::new(verdict, writer, w, r, effect).with(witness.map(Value::String)))
    };
    if let Some(only) = &read.only {
        let witness = unlisted(written).filter(|text| !only.contains(text.as_str()));
        let effect = format!("{} reads only the listed strings", writer.other().name());
        return found(Verdict::Incompatible, &effect, witness);
    }
    if let Some(text) = length(written, read) {
        let effect = format!("{} does not read strings of every length", writer.other().name());
        return match text {
            Some(text) => found(Verdict::Incompatible, &effect, Some(text)),
            None => found(Verdict::Unknown, "the lengths cannot be compared", None),
        };
    }
    let is_known = |format: &&str| {
        written.formats.contains(*format)
            || (*format == "ip" && written.formats.iter().any(|f| matches!(*f, "ipv4" | "ipv6")))
    };
    if !read.formats.iter().all(is_known) {
        return found(Verdict::Unknown, "not every string has the format that is read", None);
    }
    if !read.patterns.is_subset(&written.patterns) {
        return found(Verdict::Unknown, "patterns are compared by their text only", None);
    }
    Outcome::compatible()
}

/// A string that is written and probably in no list.
fn unlisted(written: &Texts<'_>) -> Option<String> {
    if let Some(only) = &written.only {
        return only.first().map(|text| (*text).to_owned());
    }
    if !written.formats.is_empty() || !written.patterns.is_empty() {
        return None;
    }
    let length = written.min.max(1).min(written.max.unwrap_or(u64::MAX)).min(64);
    Some("?".repeat(usize::try_from(length).ok()?)).filter(|text| text.len() as u64 >= written.min)
}

/// A string whose length is not read; `Some(None)` if there may be one.
#[allow(clippy::option_option, reason = "there is one, there may be one, there is none")]
fn length(written: &Texts<'_>, read: &Texts<'_>) -> Option<Option<String>> {
    let is_read = |text: &str| {
        let length = text.chars().count() as u64;
        length >= read.min && read.max.is_none_or(|max| length <= max)
    };
    if let Some(only) = &written.only {
        return only.iter().find(|text| !is_read(text)).map(|text| Some((*text).to_owned()));
    }
    let length = if written.min < read.min {
        written.min
    } else {
        let max = read.max?;
        if written.max.is_some_and(|written| written <= max) {
            return None;
        }
        written.min.max(max.saturating_add(1))
    };
    let is_free = written.formats.is_empty() && written.patterns.is_empty() && length <= 1 << 10;
    Some(is_free.then(|| "x".repeat(usize::try_from(length).unwrap_or(0))))
}
