//! Bytes as the cases spell them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes. Absent, they are none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Body {
    Text(String),
    Made(Made),
    Joined(Vec<Body>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Made {
    Json(Value),
    /// Pairs of hexadecimal digits.
    Hex(String),
    Times(u64, Box<Body>),
    /// The text for each number from the first to the second, in the place of `${i}`.
    Numbered(u64, u64, String),
    /// All bytes from 0 to 255, in their order.
    AllBytes(bool),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Body {
    /// The bytes; an error if the text is no such thing.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, String> {
        Ok(match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Made(Made::Json(value)) => value.to_string().into_bytes(),
            Self::Made(Made::Hex(digits)) => hex(digits)?,
            Self::Made(Made::Times(times, body)) => {
                let times = usize::try_from(*times).map_err(|error| error.to_string())?;
                body.bytes()?.repeat(times)
            }
            Self::Made(Made::Numbered(first, last, text)) => {
                let texts = (*first..=*last).map(|i| text.replace("${i}", &i.to_string()));
                texts.collect::<String>().into_bytes()
            }
            Self::Made(Made::AllBytes(false)) => Vec::new(),
            Self::Made(Made::AllBytes(true)) => (0..=u8::MAX).collect(),
            Self::Joined(bodies) => {
                let pieces: Result<Vec<_>, _> = bodies.iter().map(Self::bytes).collect();
                pieces?.concat()
            }
        })
    }
}

fn hex(digits: &str) -> Result<Vec<u8>, String> {
    let wrong = || format!("{digits:?} is not hexadecimal");
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect::<Option<_>>().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Vec<u8> {
        serde_json::from_str::<Body>(text).unwrap().bytes().unwrap()
    }

    #[test]
    fn bytes_are_text_or_made() {
        assert_eq!(made(r#""a\u0000""#), b"a\0");
        assert_eq!(made(r#"{"json": {"a": [1]}}"#), br#"{"a":[1]}"#);
        assert_eq!(made(r#"{"hex": "ff00"}"#), b"\xff\0");
        assert_eq!(made(r#"["x", {"times": [3, "ab"]}]"#), b"xababab");
        assert_eq!(made(r#"{"numbered": [1, 3, "${i};"]}"#), b"1;2;3;");
        assert_eq!(made(r#"{"all-bytes": true}"#).len(), 256);
        assert!(hex("f").is_err() && hex("zz").is_err());
    }
}
