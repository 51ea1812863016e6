//! Which types are bytes, which travel as they are and not as JSON.

use goplug::protocol::MethodDescriptor;

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

/// Whether the result, or each item of it, is bytes.
pub(super) fn returns_bytes(method: &MethodDescriptor) -> bool {
    matches!(result(method), "Bytes" | "Vec<u8>")
}

/// Whether the method returns nothing.
pub(super) fn returns_nothing(method: &MethodDescriptor) -> bool {
    matches!(result(method), "" | "()")
}

/// The type of the result, without that of the error.
fn result(method: &MethodDescriptor) -> &str {
    let spelling = &*method.returns.spelling;
    match spelling.strip_prefix("Result<") {
        Some("()>") => "()",
        Some(inner) => inner.split_once([',', '>']).map_or(spelling, |(result, _)| match result {
            "Vec<u8" => "Vec<u8>",
            result => result,
        }),
        None => spelling,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
