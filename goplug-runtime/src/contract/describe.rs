//! Sets of values in a few words.

use super::value_set::{Alternative, Arrays, Kind, Numbers, Objects, Texts, ValueSet};

/// How many alternatives or values are named before the text says `…`.
const NAMED: usize = 6;

/// What a value may be, in a few words: `integer 0..=255`, `string | null`, `object Config`.
pub(super) fn describe(set: &ValueSet<'_>) -> String {
    if set.any {
        return "anything".into();
    }
    if set.alternatives.is_empty() {
        return "nothing".into();
    }
    let all: Vec<_> = set.alternatives.iter().map(describe_alternative).collect();
    joined(all.iter().map(String::as_str))
}

/// What this alternative may be, in a few words.
pub(super) fn describe_alternative(alternative: &Alternative<'_>) -> String {
    let text = match &alternative.kind {
        Kind::Null => "null".into(),
        Kind::Bool(bools) => match (bools.no, bools.yes) {
            (true, true) => "boolean".into(),
            (_, yes) => yes.to_string(),
        },
        Kind::Number(numbers) => describe_numbers(numbers),
        Kind::Text(texts) => describe_texts(texts),
        Kind::Array(arrays) => describe_arrays(arrays),
        Kind::Object(objects) => describe_object(objects),
    };
    match alternative.names.last() {
        Some(name) => format!("{name} ({text})"),
        None => text,
    }
}

fn joined<'t>(texts: impl ExactSizeIterator<Item = &'t str>) -> String {
    let is_longer = texts.len() > NAMED;
    let mut parts: Vec<_> = texts.take(NAMED).collect();
    parts.dedup();
    if is_longer {
        parts.push("…");
    }
    parts.join(" | ")
}

pub(super) fn describe_numbers(numbers: &Numbers<'_>) -> String {
    if let Some(only) = &numbers.only {
        let texts: Vec<_> = only.iter().map(ToString::to_string).collect();
        return joined(texts.iter().map(String::as_str));
    }
    let mut text = match (numbers.integer, numbers.digits) {
        (true, _) => integer(numbers),
        (false, Some(24)) => "f32".into(),
        (false, Some(53)) => "f64".into(),
        (false, _) => "number".into(),
    };
    match (numbers.low, numbers.high) {
        (None, None) => {}
        (low, high) => {
            let [low, high] = [low, high].map(|end| end.map(|e| e.to_string()).unwrap_or_default());
            let end = if numbers.open.1 { ".." } else { "..=" };
            text = format!("{text} {low}{end}{high}");
        }
    }
    text
}

fn integer(numbers: &Numbers<'_>) -> String {
    if !numbers.sized && numbers.min.is_none() && numbers.max.is_none() {
        return "integer".into();
    }
    let bits = |signed: bool, bits: u32| {
        let half = 1_i128 << (bits - 1);
        if signed { (Some(-half), Some(half - 1)) } else { (Some(0), Some(half * 2 - 1)) }
    };
    let range = (numbers.min, numbers.max);
    for size in [8, 16, 32, 64] {
        for signed in [true, false] {
            if range == bits(signed, size) {
                return format!("{}{size}", if signed { 'i' } else { 'u' });
            }
        }
    }
    match range {
        (Some(i128::MIN), Some(i128::MAX)) => "i128".into(),
        (Some(0), None) if numbers.sized => "u128".into(),
        (min, max) => {
            let [min, max] = [min, max].map(|end| end.map(|e| e.to_string()).unwrap_or_default());
            format!("integer {min}..={max}")
        }
    }
}

pub(super) fn describe_texts(texts: &Texts<'_>) -> String {
    if let Some(only) = &texts.only {
        let quoted: Vec<_> = only.iter().map(|text| format!("{text:?}")).collect();
        return joined(quoted.iter().map(String::as_str));
    }
    let mut text = String::from("string");
    for format in &texts.formats {
        text = format!("{text} {format}");
    }
    for pattern in &texts.patterns {
        text = format!("{text} /{pattern}/");
    }
    match (texts.min, texts.max) {
        (0, None) => text,
        (1, Some(1)) => format!("{text} of 1 character"),
        (min, Some(max)) => format!("{text} of {min} to {max} characters"),
        (min, None) => format!("{text} of at least {min} characters"),
    }
}

fn describe_arrays(arrays: &Arrays<'_>) -> String {
    let what = if arrays.unique { "set" } else { "array" };
    match (arrays.min, arrays.max) {
        (0, None) => what.into(),
        (min, Some(max)) if min == max => format!("{what} of {min}"),
        (min, Some(max)) => format!("{what} of {min} to {max}"),
        (min, None) => format!("{what} of at least {min}"),
    }
}

fn describe_object(objects: &Objects<'_>) -> String {
    if objects.fields.is_empty() && objects.entries().next().is_some() {
        return "map".into();
    }
    let names: Vec<_> = objects.fields.keys().take(NAMED).copied().collect();
    let more = if objects.fields.len() > NAMED { ", …" } else { "" };
    format!("object {{{}{more}}}", names.join(", "))
}
