//! The same as JSON, where bytes are arrays of numbers: for peers that do not know parts.

use bytes::Bytes;

/// Adds bytes to an object of arguments. `None` if it is no object.
#[cfg(feature = "host")]
pub(crate) fn object<'a>(
    arguments: &[u8],
    bytes: impl IntoIterator<Item = (&'a str, &'a Bytes)>,
) -> Option<Bytes> {
    let object = arguments.trim_ascii().strip_suffix(b"}")?.trim_ascii_end();
    let mut json = object.to_vec();
    for (name, content) in bytes {
        if json != b"{" {
            json.push(b',');
        }
        // A parameter's name needs no escapes.
        json.extend_from_slice(format!("\"{name}\":").as_bytes());
        write_numbers(&mut json, content);
    }
    json.push(b'}');
    Some(json.into())
}

/// An array of a value and bytes.
#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) fn pair(value: &[u8], bytes: &[u8]) -> Bytes {
    let mut json = b"[".to_vec();
    json.extend_from_slice(value);
    json.push(b',');
    write_numbers(&mut json, bytes);
    json.push(b']');
    json.into()
}

fn write_numbers(json: &mut Vec<u8>, bytes: &[u8]) {
    // A byte has at most three digits, and a comma.
    json.reserve(bytes.len() * 4 + 2);
    let mut digits = itoa::Buffer::new();
    let mut before = b'[';
    for byte in bytes {
        json.push(before);
        json.extend_from_slice(digits.format(*byte).as_bytes());
        before = b',';
    }
    if bytes.is_empty() {
        json.push(b'[');
    }
    json.push(b']');
}

#[cfg(all(test, feature = "host", feature = "plugin"))]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_arrays_of_numbers() {
        let (some, none) = (Bytes::from_static(&[0, 99, 255]), Bytes::new());
        let bytes = [("some", &some), ("none", &none)];
        for (arguments, expected) in [
            ("{}", r#"{"some":[0,99,255],"none":[]}"#),
            (" { } ", r#"{"some":[0,99,255],"none":[]}"#),
            (r#"{"a":1}"#, r#"{"a":1,"some":[0,99,255],"none":[]}"#),
        ] {
            assert_eq!(object(arguments.as_bytes(), bytes).unwrap(), expected);
        }
        assert_eq!(object(b"[1]", bytes), None);
        assert_eq!(pair(b"\"x\"", &some), r#"["x",[0,99,255]]"#);
        assert_eq!(pair(b"1", b""), "[1,[]]");
    }
}
