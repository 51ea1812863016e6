//! The patterns of keys that are integers, as schemars writes them.

/// Keys that are integers from zero on.
pub(super) const NATURAL: &str = r"^\d+$";

/// Keys that are integers.
pub(super) const INTEGER: &str = r"^-?\d+$";

/// Whether a key matches a pattern; `None` if it is none of the known ones.
pub(super) fn matches(pattern: &str, key: &str) -> Option<bool> {
    match pattern {
        NATURAL => Some(is_natural(key)),
        INTEGER => Some(is_natural(key.strip_prefix('-').unwrap_or(key))),
        _ => None,
    }
}

fn is_natural(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit())
}
