//! Levels of a plugin's log on the command line.

use crate::failure::list;

/// From the fewest messages to all.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What a plugin reads in `GOPLUG_LOG`: levels, alone or for the messages of a target.
///
/// It is checked here, since a plugin leaves out what it cannot read.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    let levels = words.map(|word| word.rsplit_once('=').map_or(word, |(_, level)| level));
    let mut levels = levels.peekable();
    if levels.peek().is_none() {
        return Err(expected(text));
    }
    match levels.find(|level| !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level))) {
        Some(wrong) => Err(expected(wrong)),
        None => Ok(text.to_owned()),
    }
}

fn expected(found: &str) -> String {
    let levels = list(&LEVELS, "or");
    format!("{found:?} is no level; write {levels}, or a list such as warn,storage=debug")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_stand_alone_or_for_a_target() {
        for level in ["warn", "OFF", "warn,storage=debug", "my_crate::a=trace, info,"] {
            assert_eq!(log_level(level), Ok(level.to_owned()));
        }
        for (wrong, found) in [
            ("loud", "\"loud\" is no level"),
            ("warn,storage=much", "\"much\" is no level"),
            ("storage", "\"storage\" is no level"),
            ("storage=", "\"\" is no level"),
            (" ,", "\" ,\" is no level"),
        ] {
            let error = log_level(wrong).unwrap_err();
            assert!(error.starts_with(found), "{error}");
            assert!(error.contains("off, error, warn, info, debug or trace"), "{error}");
        }
    }
}
