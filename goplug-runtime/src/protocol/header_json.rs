//! JSON as the value of a header: one line of visible ASCII.

use std::fmt::Write;

/// The same JSON with an escape for each character that a header cannot have.
///
/// JSON has such characters within strings alone, but for white space between values. Bytes that are no
/// UTF-8 become U+FFFD, as they do where JSON is read.
pub(crate) fn write(json: &[u8]) -> String {
    let mut value = String::with_capacity(json.len());
    for c in String::from_utf8_lossy(json).chars() {
        match c {
            '\t' | '\n' | '\r' => value.push(' '),
            ' '..='~' => value.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to memory does not fail.
                    let _ = write!(value, "\\u{unit:04x}");
                }
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        #[test]
        fn a_header_reads_as_the_json_that_it_was_written_from(text: String, pretty: bool) {
            let json = serde_json::json!({ &text: [&text, 7] });
            let written = match pretty {
                true => serde_json::to_vec_pretty(&json).unwrap(),
                false => serde_json::to_vec(&json).unwrap(),
            };
            let value = write(&written);
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            prop_assert_eq!(serde_json::from_str::<Value>(&value).unwrap(), json);
        }
    }
}
