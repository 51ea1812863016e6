//! The keywords that compare a value as a whole: with others, with its size, with a range.

use serde_json::{Map, Number, Value};

use super::found::Says;
use super::shown::{list, shown};
use super::work::Work;
use super::{integers, types};
use crate::protocol::integer;

/// Calls `refuse` with what these keywords say against a value. Returns whether its type fits.
pub(super) fn check(
    keywords: &Map<String, Value>,
    value: &Value,
    work: &Work,
    mut refuse: impl FnMut(Says, String),
) -> bool {
    let listed = |name| keywords.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    if !work.spend(listed("type")) {
        return true;
    }
    if let Some(reason) = types::misfit(keywords, value) {
        refuse(Says::Type, reason);
        // Of another type, nothing else is of interest.
        return false;
    }
    if let Some(only) = keywords.get("const").filter(|only| !work.is_same(only, value)) {
        refuse(tag(only), format!("expected {}", shown(only)));
    }
    if let Some(Value::Array(all)) = keywords.get("enum")
        && !all.iter().any(|one| work.is_same(one, value))
    {
        let says = all.first().map_or(Says::More, tag);
        refuse(says, format!("expected {}", list(all.iter(), " or ")));
    }
    if let Some(reason) = by_size(keywords, value, work) {
        refuse(Says::More, reason);
    }
    if let Value::Number(number) = value
        && let Some(reason) = by_range(keywords, number)
    {
        refuse(Says::More, reason);
    }
    true
}

fn tag(expected: &Value) -> Says {
    if expected.is_string() { Says::Tag } else { Says::More }
}

fn by_size(keywords: &Map<String, Value>, value: &Value, work: &Work) -> Option<String> {
    let (least, most, what) = match value {
        Value::String(_) => ("minLength", "maxLength", "characters"),
        Value::Array(_) => ("minItems", "maxItems", "items"),
        Value::Object(_) => ("minProperties", "maxProperties", "keys"),
        _ => return None,
    };
    let limit = |name: &str| keywords.get(name).and_then(Value::as_u64);
    let (least, most) = (limit(least), limit(most));
    if least.is_none() && most.is_none() {
        return None;
    }
    let count = match value {
        Value::String(text) if work.spend_on_text(text.len()) => text.chars().count(),
        Value::Array(items) => items.len(),
        Value::Object(keys) => keys.len(),
        _ => return None,
    } as u64;
    match (least, most) {
        (Some(least), _) if count < least => Some(format!("expected at least {least} {what}")),
        (_, Some(most)) if count > most => Some(format!("expected at most {most} {what}")),
        _ => None,
    }
}

fn by_range(keywords: &Map<String, Value>, number: &Number) -> Option<String> {
    let ordering = |name: &str| match keywords.get(name) {
        Some(Value::Number(limit)) => Some(integers::compare(number, limit)),
        _ => None,
    };
    let is_out = [
        (ordering("minimum").is_some_and(|it| it.is_lt()), "at least", "minimum"),
        (ordering("maximum").is_some_and(|it| it.is_gt()), "at most", "maximum"),
        (
            ordering("exclusiveMinimum").is_some_and(|it| it.is_le()),
            "more than",
            "exclusiveMinimum",
        ),
        (
            ordering("exclusiveMaximum").is_some_and(|it| it.is_ge()),
            "less than",
            "exclusiveMaximum",
        ),
    ];
    let out = is_out.iter().find(|(is_out, ..)| *is_out);
    let out = out.map(|(_, how, name)| format!("{how} {}", keywords[*name]));
    let out = out.or_else(|| integers::beyond(integer::range_of(keywords)?, number));
    out.map(|out| format!("expected {out}"))
}
