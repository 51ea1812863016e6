//! Unknown keys that are probably meant to be known ones.

use crate::protocol::edits::edits;

/// The keys that goplug knows.
pub(super) const KNOWN: [&str; 18] = [
    "Name",
    "NameSpace",
    "AliasOf",
    "Url",
    "Sock",
    "LazyLoad",
    "Version",
    "Protocol",
    "Exec",
    "Sha256",
    "Development",
    "Methods",
    "Callbacks",
    "Needs",
    "Wants",
    "Permissions",
    "ConfigurationType",
    "$defs",
];

/// What others call the same.
const ALIASES: [(&str, &str); 15] = [
    ("args", "Exec"),
    ("cmd", "Exec"),
    ("command", "Exec"),
    ("digest", "Sha256"),
    ("checksum", "Sha256"),
    ("entrypoint", "Exec"),
    ("executable", "Exec"),
    ("execute", "Exec"),
    ("group", "NameSpace"),
    ("lazy", "LazyLoad"),
    ("path", "Exec"),
    ("program", "Exec"),
    ("sha", "Sha256"),
    ("sha256sum", "Sha256"),
    ("socket", "Sock"),
];

/// The longest key that is compared, in bytes. A hostile file may have long ones.
const LONGEST: usize = 24;

/// The known key that an unknown one resembles; `None` if it resembles none.
pub(super) fn meant_by(key: &str) -> Option<&'static str> {
    if key.len() > LONGEST || is_extension(key) {
        return None;
    }
    let plain: String =
        key.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, known)| *known);
    alias.or_else(|| {
        let near = |known: &&&str| {
            let known = known.to_ascii_lowercase();
            let allowed = if known.len() > 4 { 2 } else { 1 };
            // Nobody writes `$defs` by hand.
            !known.starts_with('$') && edits(&plain, &known) <= allowed
        };
        KNOWN.iter().find(near).copied()
    })
}

/// Whether the key is marked as somebody's own.
fn is_extension(key: &str) -> bool {
    key.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_keys_are_recognised() {
        for (key, known) in [
            ("Name_Space", "NameSpace"),
            ("Namespce", "NameSpace"),
            ("LazyLaod", "LazyLoad"),
            ("lazy-load", "LazyLoad"),
            ("Sha-256", "Sha256"),
            ("Sha256Sum", "Sha256"),
            ("Exce", "Exec"),
            ("Execs", "Exec"),
            ("Command", "Exec"),
            ("Socket", "Sock"),
            ("Protocl", "Protocol"),
            ("Method", "Methods"),
        ] {
            assert_eq!(meant_by(key), Some(known), "{key}");
        }
    }

    #[test]
    fn other_keys_are_nobodys_mistake() {
        for key in [
            "Deps",
            "Configuration",
            "Description",
            "Author",
            "x-exec",
            "Note",
            "License",
            "",
            &"n".repeat(1000),
        ] {
            assert_eq!(meant_by(key), None, "{key}");
        }
    }
}
