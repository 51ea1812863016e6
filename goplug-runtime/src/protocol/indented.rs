//! JSON for people.
//!
//! Every plugin's program writes a descriptor without spaces, for its host. To indent that text takes
//! a fraction of the code that a second serializer of the same values would be.

/// The same JSON, indented by two spaces. It has to be valid, and may have any space.
pub(crate) fn indented(json: &[u8]) -> String {
    let mut text = Vec::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    // Within a string, and there after a backslash.
    let (mut in_string, mut is_escaped) = (false, false);
    // After an opening bracket, whose content gets lines of its own if there is any.
    let mut is_open = false;
    for &byte in json {
        if in_string {
            text.push(byte);
            in_string = byte != b'"' || is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            continue;
        }
        let is_end = matches!(byte, b'}' | b']');
        if byte.is_ascii_whitespace() {
            continue;
        }
        depth = depth.saturating_sub(usize::from(is_end));
        if is_open != is_end {
            new_line(&mut text, depth);
        }
        text.push(byte);
        is_open = matches!(byte, b'{' | b'[');
        depth += usize::from(is_open);
        match byte {
            b'"' => in_string = true,
            b',' => new_line(&mut text, depth),
            b':' => text.push(b' '),
            _ => {}
        }
    }
    // It is UTF-8, as the JSON is.
    String::from_utf8(text).unwrap_or_default()
}

fn new_line(text: &mut Vec<u8>, depth: usize) {
    text.push(b'\n');
    text.resize(text.len() + 2 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_text_is_the_same_as_that_of_serde_json() {
        let value = json!({
            "empty": [{}, [], ""],
            "text": "a \"b\" \\ {[,:]} \u{1} \u{e9}",
            "deep": [[{"a": {"b": [1, -2.5e10, true, null]}}]],
            "": {"x": "\\"},
        });
        let compact = serde_json::to_vec(&value).unwrap();
        assert_eq!(indented(&compact), serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn space_outside_of_strings_does_not_matter() {
        let text = b" { \"a b\" :\t[ ] ,\r\n\"c\": [ 1,2 ] } ";
        assert_eq!(indented(text), "{\n  \"a b\": [],\n  \"c\": [\n    1,\n    2\n  ]\n}");
    }

    proptest! {
        #[test]
        fn strings_are_kept(strings in proptest::collection::vec(any::<String>(), 0..4)) {
            let value = Value::from(strings);
            let compact = serde_json::to_vec(&value).unwrap();
            prop_assert_eq!(indented(&compact), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
