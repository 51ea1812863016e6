//! The bodies of GoPlug 1: the list of methods and the name of a callback.
//!
//! They are read as the original library writes them. Its list ends in empty strings, one for each
//! reserved method, and bytes may follow the array, which are ignored.

use super::null;

/// A GoPlug 1 body that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("expected {expected}: {source}")]
pub struct InvalidBody {
    expected: &'static str,
    source: serde_json::Error,
}

/// Reads the response to an activation: a JSON array of strings, or `null` for none.
///
/// # Errors
/// [`InvalidBody`] for anything else.
pub fn parse_method_list(body: &[u8]) -> Result<Vec<String>, InvalidBody> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let names: Vec<String> = null::or_members(&mut json)
        .map_err(|source| InvalidBody { expected: "an array of method names", source })?;
    Ok(names.into_iter().filter(|name| !name.is_empty()).collect())
}

/// Writes the response to an activation.
pub fn method_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    // Serializing strings cannot fail.
    serde_json::to_string(&names).unwrap_or_default()
}

/// Reads the body of a GoPlug 1 `RegisterCallback`: one JSON string.
///
/// # Errors
/// [`InvalidBody`] for anything else.
pub fn parse_callback_name(body: &[u8]) -> Result<String, InvalidBody> {
    serde_json::from_slice(body)
        .map_err(|source| InvalidBody { expected: "a callback's name as a JSON string", source })
}

/// Writes the body of a GoPlug 1 `RegisterCallback`.
pub fn callback_name(name: &str) -> String {
    serde_json::to_string(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_in_the_original_list_are_dropped() {
        let names = parse_method_list(br#"["main.Do","main.Echo","","",""]"#).unwrap();
        assert_eq!(names, ["main.Do", "main.Echo"]);
    }

    #[test]
    fn a_list_without_methods_may_be_null() {
        assert_eq!(parse_method_list(b"null").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn bytes_after_the_array_are_ignored() {
        assert_eq!(parse_method_list(b"[\"a\"]\0\0[").unwrap(), ["a"]);
    }

    #[test]
    fn other_bodies_are_refused_with_what_was_expected() {
        for body in ["", "{}", "\"a\"", "[1]"] {
            let error = parse_method_list(body.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("expected an array of method names: "), "{error}");
        }
        for body in ["", "main.callBack", "[\"a\"]", "\"a\" \"b\""] {
            let error = parse_callback_name(body.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("expected a callback's name"), "{error}");
        }
    }

    #[test]
    fn written_bodies_read_back() {
        assert_eq!(method_list(["a", "b\""]), r#"["a","b\""]"#);
        assert_eq!(method_list([]), "[]");
        assert_eq!(parse_callback_name(callback_name("ß\"").as_bytes()).unwrap(), "ß\"");
    }
}
