//! The bodies of GoPlug 1: the list of methods and the name of a callback.
//!
//! They are read the way the original library needs it. Its list ends in empty
//! strings, one for each reserved method; and what stands behind the array is not
//! looked at.

use serde::Deserialize;

/// A GoPlug 1 body that does not read.
#[derive(Debug, thiserror::Error)]
#[error("expected {expected}: {source}")]
pub struct InvalidBody {
    expected: &'static str,
    source: serde_json::Error,
}

/// Reads the answer to an activation: a JSON array of strings, or `null` for none.
///
/// # Errors
/// [`InvalidBody`] where it is anything else.
pub fn parse_method_list(body: &[u8]) -> Result<Vec<String>, InvalidBody> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let names = Option::<Vec<String>>::deserialize(&mut json)
        .map_err(|source| InvalidBody { expected: "an array of method names", source })?;
    Ok(names.unwrap_or_default().into_iter().filter(|name| !name.is_empty()).collect())
}

/// Writes the answer to an activation.
pub fn method_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    // Serializing strings cannot fail.
    serde_json::to_string(&names).unwrap_or_default()
}

/// Reads the body of a GoPlug 1 `RegisterCallback`: one JSON string.
///
/// # Errors
/// [`InvalidBody`] where it is anything else.
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
    fn the_list_of_the_original_is_read_without_its_empty_names() {
        let names = parse_method_list(br#"["main.Do","main.Echo","","",""]"#).unwrap();
        assert_eq!(names, ["main.Do", "main.Echo"]);
    }

    #[test]
    fn no_methods_at_all_may_be_null() {
        assert_eq!(parse_method_list(b"null").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_stands_behind_the_array_is_not_looked_at() {
        assert_eq!(parse_method_list(b"[\"a\"]\0\0[").unwrap(), ["a"]);
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
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
    fn what_we_write_reads_back() {
        assert_eq!(method_list(["a", "b\""]), r#"["a","b\""]"#);
        assert_eq!(method_list([]), "[]");
        assert_eq!(parse_callback_name(callback_name("ß\"").as_bytes()).unwrap(), "ß\"");
    }
}
