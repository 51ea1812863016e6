//! Numbers.

use serde_json::{Number, Value};

use super::found::{Found, Outcome};
use crate::contract::describe::describe_numbers;
use crate::contract::example::integer;
use crate::contract::side::Side;
use crate::contract::value_set::Numbers;
use crate::contract::verdict::Verdict;

/// A number with more digits than an `f32` keeps.
const PRECISE: f64 = 0.123_456_789_012_345_68;

pub(super) fn check(writer: Side, written: &Numbers<'_>, read: &Numbers<'_>) -> Outcome {
    if written == read {
        return Outcome::same();
    }
    let reader = writer.other().name();
    let found = |verdict, effect: String, witness: Option<Number>| {
        let [w, r] = [written, read].map(describe_numbers);
        Outcome::of(Found::new(verdict, writer, w, r, effect).with(witness.map(Value::Number)))
    };
    if let Some(only) = &written.only {
        return match only.iter().find(|number| !read.reads(number)) {
            None => Outcome::compatible(),
            Some(number) => {
                let effect = format!("{reader} does not read every number");
                found(Verdict::Incompatible, effect, Some(number.clone()))
            }
        };
    }
    if !written.integer && read.integer {
        let effect = format!("{reader} reads no number with a fraction");
        return found(Verdict::Incompatible, effect, Some(fraction(written)));
    }
    match range(written, read) {
        Range::Within => {}
        Range::Beyond(witness) => {
            let effect = format!("{reader} does not read every number");
            return found(Verdict::Incompatible, effect, witness);
        }
        Range::Unsaid => {
            let effect = format!("{} does not say how large its numbers are", writer.name());
            return found(Verdict::Unknown, effect, None);
        }
    }
    if read.format.is_some() && read.format != written.format {
        return found(Verdict::Unknown, "the formats differ".into(), None);
    }
    if read.multiple_of.is_some() && read.multiple_of != written.multiple_of {
        return found(Verdict::Unknown, "`multipleOf` is not compared".into(), None);
    }
    match lost(written, read) {
        Some(witness) => {
            let effect = format!("{reader} loses digits of some numbers");
            found(Verdict::Lossy, effect, Some(witness))
        }
        None => Outcome::compatible(),
    }
}

/// How the numbers that are written lie to those that are read.
enum Range {
    Within,
    Beyond(Option<Number>),
    /// The writer does not say.
    Unsaid,
}

fn range(written: &Numbers<'_>, read: &Numbers<'_>) -> Range {
    if read.only.is_some() {
        return Range::Beyond(unlisted(written, read));
    }
    if read.integer {
        return integers(written, read);
    }
    let (low, high) = ends(written);
    if let Some(end) = read.low
        && low.is_none_or(|low| low < end || (low <= end && read.open.0 && !written.open.0))
    {
        return beyond(written, low.unwrap_or(end - 1.0).max(end - 1.0), low);
    }
    if let Some(end) = read.high
        && high.is_none_or(|high| high > end || (high >= end && read.open.1 && !written.open.1))
    {
        return beyond(written, high.unwrap_or(end + 1.0).min(end + 1.0), high);
    }
    Range::Within
}

/// The number `at` is written, and beyond what is read.
fn beyond(written: &Numbers<'_>, at: f64, end: Option<f64>) -> Range {
    let is_open = Some(at) == end && (written.open.0 || written.open.1);
    if written.integer {
        #[allow(clippy::cast_possible_truncation)]
        return Range::Beyond(integer(at as i128));
    }
    Range::Beyond(if is_open { None } else { Number::from_f64(at) })
}

fn integers(written: &Numbers<'_>, read: &Numbers<'_>) -> Range {
    if !written.sized && read.sized && (written.min.is_none() || written.max.is_none()) {
        return Range::Unsaid;
    }
    match (written.min, read.min) {
        (_, None) => {}
        (Some(low), Some(end)) if low >= end => {}
        (low, Some(end)) => {
            let nearest = end.saturating_sub(1);
            let nearest = written.max.map_or(nearest, |high| nearest.min(high));
            return Range::Beyond(integer(nearest).or_else(|| low.and_then(integer)));
        }
    }
    match (written.max, read.max) {
        (_, None) => Range::Within,
        (Some(high), Some(end)) if high <= end => Range::Within,
        (_, Some(end)) => {
            let nearest = end.saturating_add(1);
            Range::Beyond(integer(written.min.map_or(nearest, |low| nearest.max(low))))
        }
    }
}

/// The bounds as floats.
#[allow(clippy::cast_precision_loss)]
fn ends(numbers: &Numbers<'_>) -> (Option<f64>, Option<f64>) {
    if numbers.integer {
        (numbers.min.map(|end| end as f64), numbers.max.map(|end| end as f64))
    } else {
        (numbers.low, numbers.high)
    }
}

/// A number that is written and not in the reader's list.
fn unlisted(written: &Numbers<'_>, read: &Numbers<'_>) -> Option<Number> {
    let only = read.only.as_ref()?;
    if !written.integer {
        return Some(fraction(written)).filter(|number| !only.contains(number));
    }
    let first = 0.max(written.min.unwrap_or(0)).min(written.max.unwrap_or(i128::MAX));
    let last = written.max.unwrap_or(i128::MAX);
    let few = first.saturating_add(i128::try_from(only.len()).ok()?).min(last);
    let mut candidates = (first..=few).filter_map(integer);
    candidates.find(|number| !only.contains(number))
}

/// A number with a fraction, within the bounds if one is easily found.
fn fraction(written: &Numbers<'_>) -> Number {
    let middle = match (written.low, written.high) {
        (Some(low), Some(high)) => low / 2.0 + high / 2.0,
        (Some(low), None) => low + 0.5,
        (None, Some(high)) => high - 0.5,
        (None, None) => 0.5,
    };
    Number::from_f64(middle).unwrap_or_else(|| 0.into())
}

/// A number of which the reader loses digits.
fn lost(written: &Numbers<'_>, read: &Numbers<'_>) -> Option<Number> {
    let kept = read.digits?;
    if !written.integer {
        let is_longer = written.digits.unwrap_or(53) > kept;
        return is_longer.then(|| Number::from_f64(PRECISE))?;
    }
    // Beyond this one, a float skips integers.
    let first = (1_i128 << kept) + 1;
    if written.max.is_none_or(|max| max >= first) {
        return integer(first.max(written.min.unwrap_or(first)) | 1);
    }
    (written.min.is_none_or(|min| min <= -first)).then(|| integer(-first))?
}
