//! Arguments as they are mostly written.

use serde::de::DeserializeOwned;

use super::entry::ParamSpec;
use super::whole::Whole;

/// Arguments as a client of this project writes them: by name, in the order of the
/// parameters, and without a space between them. Then names are compared and not looked up.
#[derive(Debug)]
pub struct Plain<'a> {
    rest: &'a [u8],
    params: &'a [ParamSpec],
}

impl<'a> Plain<'a> {
    pub(super) fn new(text: &'a [u8], params: &'a [ParamSpec]) -> Self {
        Self { rest: text, params }
    }

    /// Whether there are none.
    pub(super) fn is_none(&self) -> bool {
        self.rest == b"{}"
    }

    /// The value of this parameter, the next one; `None` where something else comes, which
    /// may be right for all that.
    pub(super) fn value<T: DeserializeOwned>(&mut self, index: usize, is_last: bool) -> Option<T> {
        let rest = self.rest.strip_prefix(if index == 0 { b"{\"" } else { b",\"" })?;
        let rest = rest.strip_prefix(self.params.get(index)?.name.as_bytes())?;
        let rest = rest.strip_prefix(b"\":")?;
        if let Some((whole, rest)) = Whole::take(rest)
            && (rest == b"}" || !is_last)
            && let Some(value) = whole.read()
        {
            self.rest = rest;
            return Some(value);
        }
        if is_last {
            return serde_json::from_slice(rest.strip_suffix(b"}")?).ok();
        }
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter();
        let value = values.next()?.ok()?;
        self.rest = &rest[values.byte_offset()..];
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{decode, encode};
    use super::*;

    const PARAMS: &[ParamSpec] =
        &[ParamSpec { name: "a", ty: "i64" }, ParamSpec { name: "b", ty: "Option<String>" }];
    type Args = (i64, Option<String>);

    #[test]
    fn what_is_nearly_as_it_is_written_here_is_read_all_the_same() {
        let written = encode("m", PARAMS, (&-7_i64, &Some("x \"}\\"))).unwrap();
        let expected = (-7, Some("x \"}\\".to_owned()));
        assert_eq!(decode::<Args>(&written, PARAMS).unwrap(), expected);
        for body in [
            r#"{"a":-7 ,"b":"x \"}\\"}"#,
            r#" {"a":-7,"b":"x \"}\\"}"#,
            r#"{"a":-7,"b":"x \"}\\"} "#,
            r#"{"a":-7,"b":"x \"}\\","c":1}"#,
            r#"{"\u0061":-7,"b":"x \"}\\"}"#,
        ] {
            assert_eq!(decode::<Args>(body.as_bytes(), PARAMS).unwrap(), expected, "{body}");
        }
        for body in [r#"{"a":-7,"b":"x"}}"#, r#"{"a":-7,"b":"x"#, r#"{"a":-7"b":"x"}"#] {
            assert!(decode::<Args>(body.as_bytes(), PARAMS).is_err(), "{body}");
        }
    }
}
