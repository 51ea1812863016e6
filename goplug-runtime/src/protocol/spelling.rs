//! What a program reads in a type's spelling.

use super::Parameter;

/// What a method answers if it succeeds: `T` of `Result<T>` and `Result<T, E>`, or all of it.
pub fn success(spelling: &str) -> &str {
    let spelling = spelling.trim();
    let Some(inner) = spelling.strip_prefix("Result<").and_then(|rest| rest.strip_suffix('>'))
    else {
        return spelling;
    };
    let mut depth = 0_i32;
    for (at, c) in inner.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => return inner[..at].trim(),
            _ => {}
        }
    }
    inner.trim()
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

/// Whether a value of the type is nothing.
pub fn is_nothing(spelling: &str) -> bool {
    spelling == "()"
}

/// Whether a value of the type may be missing.
pub fn is_optional(spelling: &str) -> bool {
    spelling.trim().starts_with("Option<")
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
