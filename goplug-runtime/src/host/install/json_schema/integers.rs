//! Numbers, and what the format of an integer says of them.

use std::cmp::Ordering;

use serde_json::Number;

/// Beyond these, a number that is kept as a float may have been written as an integer.
const BEYOND_64_BITS: f64 = 18_446_744_073_709_551_616.0;
const BELOW_64_BITS: f64 = -9_223_372_036_854_775_808.0;

/// Whether it was written with a fraction or an exponent, as far as can be told: integer types do not
/// read that, not even `5.0`.
pub(super) fn has_fraction(number: &Number) -> bool {
    let is_within = |number: f64| (BELOW_64_BITS..BEYOND_64_BITS).contains(&number);
    number.is_f64() && number.as_f64().is_some_and(is_within)
}

/// What a range says against a number: `at least 0`.
pub(super) fn beyond((least, most): (i128, Option<i128>), number: &Number) -> Option<String> {
    let number = match number.as_i128() {
        Some(number) => number,
        // Beyond its range, the cast takes the nearest integer.
        #[allow(clippy::cast_possible_truncation)]
        None => number.as_f64()? as i128,
    };
    let too_large = most.filter(|most| number > *most).map(|most| format!("at most {most}"));
    too_large.or_else(|| (number < least).then(|| format!("at least {least}")))
}

/// Compares two numbers: integers by each digit.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one.cmp(&other),
        // JSON has no number that cannot be compared.
        _ => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
    }
}
