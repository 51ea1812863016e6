//! What a program reads in a type's spelling.

use serde_json::Value;

use super::{Parameter, TypeDescriptor};

/// What a method answers if it succeeds: `T` of `Result<T>` and `Result<T, E>`, or all of it.
pub fn success(spelling: &str) -> &str {
    let spelling = spelling.trim();
    let Some(inner) = spelling.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>'))
    else {
        return spelling;
    };
    top_level_comma(inner).map_or(inner, |at| &inner[..at]).trim()
}

/// The first comma that is between types, and not within one.
fn top_level_comma(spelling: &str) -> Option<usize> {
    let mut depth = 0_i32;
    spelling.char_indices().find_map(|(at, c)| {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => return Some(at),
            _ => {}
        }
        None
    })
}

/// Whether a value of the type is the body itself, if it is alone.
pub fn is_bytes(spelling: &str) -> bool {
    matches!(spelling, "Bytes" | "Vec<u8>")
}

/// The parameter that is the body itself, if the arguments are that.
pub fn only_bytes(params: &[Parameter]) -> Option<&Parameter> {
    match params {
        [only] if is_bytes(&only.ty.spelling) => Some(only),
        _ => None,
    }
}

/// Whether a parameter of the type is a part of its own, beside other parameters.
pub fn is_part(spelling: &str) -> bool {
    matches!(spelling, "Bytes" | "Vec<u8>" | "Option<Bytes>" | "Option<Vec<u8>>")
}

/// Whether some of the parameters are bytes beside other parameters.
pub fn has_parts(params: &[Parameter]) -> bool {
    only_bytes(params).is_none() && params.iter().any(|param| is_part(&param.ty.spelling))
}

/// The two types of a result that is a value and bytes beside it.
pub fn beside_bytes(success: &str) -> Option<(&str, &str)> {
    let inner = success.strip_prefix('(')?.strip_suffix(')')?;
    let (value, bytes) = inner.rsplit_once(',')?;
    let is_pair = top_level_comma(value).is_none() && is_bytes(bytes.trim());
    is_pair.then(|| (value.trim(), bytes.trim()))
}

/// Whether a value of the type is nothing.
pub fn is_nothing(spelling: &str) -> bool {
    spelling == "()"
}

/// Whether a value of the type may be missing.
pub fn is_optional(spelling: &str) -> bool {
    spelling.trim().starts_with("Option<")
}

/// Whether a parameter of this type may be missing in a call, which means `null`: an `Option`, by its
/// spelling or as its schema has one of two choices that is `null`. Of a type that a schema refers to,
/// that is not known: an enum may have a variant that is `null`, and be required nevertheless.
pub fn may_be_missing(ty: &TypeDescriptor) -> bool {
    if is_optional(&ty.spelling) {
        return true;
    }
    let Some(Value::Object(schema)) = &ty.schema else { return false };
    let list = |keyword| schema.get(keyword).and_then(Value::as_array);
    let is_null = |schema: &Value| schema.get("type").is_some_and(|ty| ty == "null");
    let is_option = |schemas: &Vec<Value>| schemas.len() == 2 && schemas.iter().any(is_null);
    list("type").is_some_and(|types| types.len() > 1 && types.iter().any(|name| name == "null"))
        || ["anyOf", "oneOf"].into_iter().any(|keyword| list(keyword).is_some_and(is_option))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_option_may_be_missing_and_an_enum_with_null_may_not() {
        let missing = |spelling: &str, schema: Value| {
            may_be_missing(&TypeDescriptor { spelling: spelling.into(), schema: Some(schema) })
        };
        let (nothing, reference) = (json!({"type": "null"}), json!({"$ref": "#/$defs/T"}));
        assert!(missing("Option<u8>", json!({})));
        assert!(missing("Maybe", json!({"type": ["integer", "null"]})));
        assert!(missing("Maybe", json!({"anyOf": [reference, nothing]})));
        assert!(missing("Maybe", json!({"oneOf": [nothing, reference]})));
        assert!(!missing("E", json!({"anyOf": [reference, nothing, {"type": "string"}]})));
        assert!(!missing("E", reference));
        assert!(!missing("()", nothing));
        assert!(!missing("Value", json!(true)));
    }

    #[test]
    fn the_success_of_a_result_is_its_first_type() {
        for (spelling, expected) in [
            ("i64", "i64"),
            ("String", "String"),
            ("Result<()>", "()"),
            ("Result<Bytes>", "Bytes"),
            ("Result<f64, DivideError>", "f64"),
            ("Result<Vec<u8>, Error>", "Vec<u8>"),
            ("Result<HashMap<String, (u8, u8)>, E>", "HashMap<String, (u8, u8)>"),
            ("Result<", "Result<"),
            ("ResultSet<u8>", "ResultSet<u8>"),
            ("", ""),
        ] {
            assert_eq!(success(spelling), expected);
        }
    }

    #[test]
    fn bytes_beside_other_parameters_are_parts() {
        let params = |spellings: &[&str]| -> Vec<Parameter> {
            let params = spellings.iter().map(|spelling| {
                serde_json::from_value(serde_json::json!({"name": "p", "type": spelling})).unwrap()
            });
            params.collect()
        };
        for (spellings, expected) in [
            (&[][..], false),
            (&["Bytes"], false),
            (&["u8", "Vec<u16>"], false),
            (&["Option<Bytes>"], true),
            (&["u8", "Vec<u8>"], true),
            (&["Bytes", "Bytes"], true),
        ] {
            assert_eq!(has_parts(&params(spellings)), expected, "{spellings:?}");
        }
    }

    #[test]
    fn a_result_may_be_a_value_and_bytes() {
        for (spelling, expected) in [
            ("(u8, Bytes)", Some(("u8", "Bytes"))),
            (
                "(HashMap<String, (u8, u8)>, Vec<u8>)",
                Some(("HashMap<String, (u8, u8)>", "Vec<u8>")),
            ),
            ("(u8, u8, Bytes)", None),
            ("(Bytes,)", None),
            ("(Bytes, u8)", None),
            ("Bytes", None),
        ] {
            assert_eq!(beside_bytes(spelling), expected, "{spelling}");
        }
    }
}
