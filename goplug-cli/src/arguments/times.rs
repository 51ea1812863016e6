//! Times on the command line.

use std::time::Duration;

/// A time with a unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: f64 = digits.parse().map_err(|_| expected_duration(text))?;
    let seconds = match &text[digits.len()..] {
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(expected_duration(text)),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| expected_duration(text))
}

fn expected_duration(text: &str) -> String {
    format!("{text:?} is no time; write 500ms, 30s, 5m or 1h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        for wrong in ["", "5", "s", "-1s", "1d", "1e400s", "5 s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
