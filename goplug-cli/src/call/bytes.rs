//! Which types are bytes, which travel as they are and not as JSON.

use goplug::protocol::MethodDescriptor;

use crate::opened::says_types;

/// Whether a type is bytes, or optional bytes, as descriptors spell it.
pub(super) fn is_bytes(spelling: &str) -> bool {
    let spelling =
        spelling.strip_prefix("Option<").map_or(spelling, |inner| inner.trim_end_matches('>'));
    matches!(spelling, "Bytes" | "Vec<u8" | "Vec<u8>")
}

/// Whether the only argument is the body of the request.
pub(super) fn takes_raw_body(method: &MethodDescriptor) -> bool {
    match method.values() {
        [only] => is_bytes(&only.ty.spelling) && !only.ty.spelling.starts_with("Option<"),
        _ => false,
    }
}

/// What a result is, as far as that matters for how it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Nothing,
    /// JSON.
    Value,
    /// Also each item of a stream.
    Bytes,
    /// A value and bytes beside it.
    Both,
    /// The plugin does not say it, as one of the original GoPlug.
    Unknown,
}

impl Returned {
    pub(super) fn by(method: &MethodDescriptor) -> Self {
        match says_types(method) {
            true => Self::spelled(&method.returns.spelling),
            false => Self::Unknown,
        }
    }

    /// The type of a result, perhaps with that of an error.
    fn spelled(spelling: &str) -> Self {
        let inner = |outer: &str, end: char| spelling.strip_prefix(outer)?.strip_suffix(end);
        if let Some(both) = inner("Result<", '>') {
            return Self::spelled(members(both).next().unwrap_or_default());
        }
        if let Some(both) = inner("(", ')')
            && let [_, last] = *members(both).collect::<Vec<_>>()
            && Self::spelled(last) == Self::Bytes
        {
            return Self::Both;
        }
        match spelling {
            "" | "()" => Self::Nothing,
            "Bytes" | "Vec<u8>" => Self::Bytes,
            _ => Self::Value,
        }
    }
}

/// The types of a list of types.
fn members(list: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let split = list.split(move |letter: char| {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    split.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_a_value_or_bytes_or_both_and_may_fail() {
        for (spelling, returned) in [
            ("", Returned::Nothing),
            ("()", Returned::Nothing),
            ("Result<()>", Returned::Nothing),
            ("Result<(), String>", Returned::Nothing),
            ("u8", Returned::Value),
            ("Result<HashMap<String, u8>, Error>", Returned::Value),
            ("Option<Bytes>", Returned::Value),
            ("Bytes", Returned::Bytes),
            ("Result<Vec<u8>, Error<A, B>>", Returned::Bytes),
            ("(usize, Bytes)", Returned::Both),
            ("Result<(Vec<(u8, u8)>, Vec<u8>), String>", Returned::Both),
            ("(Bytes, usize)", Returned::Value),
            ("(usize, Bytes, Bytes)", Returned::Value),
        ] {
            assert_eq!(Returned::spelled(spelling), returned, "{spelling}");
        }
    }

    #[test]
    fn bytes_may_be_optional() {
        for bytes in ["Bytes", "Vec<u8>", "Option<Bytes>", "Option<Vec<u8>>"] {
            assert!(is_bytes(bytes), "{bytes}");
        }
        for other in ["String", "Vec<u16>", "Vec<Vec<u8>>", "Option<String>", "MyBytes"] {
            assert!(!is_bytes(other), "{other}");
        }
    }
}
