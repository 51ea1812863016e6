//! The ranges of integers, by the `format` of their schemas. Schemas of Rust types say most ranges by
//! the format alone; OpenAPI means the same by `int32` and `int64`.

use serde_json::{Map, Value};

/// The least and the greatest value that an integer of this format has; `None` if the format is not
/// one of an integer. The upper bound of `uint128` is `None`: it is beyond `i128`.
pub(crate) fn range(format: &str) -> Option<(i128, Option<i128>)> {
    let (signed, bits) = match format {
        "int" => (true, 64),
        "uint" => (false, 64),
        _ => match format.strip_prefix("uint") {
            Some(bits) => (false, bits.parse().ok()?),
            None => (true, format.strip_prefix("int")?.parse().ok()?),
        },
    };
    match (signed, bits) {
        (true, 8 | 16 | 32 | 64) => {
            let half = 1_i128 << (bits - 1);
            Some((-half, Some(half - 1)))
        }
        (false, 8 | 16 | 32 | 64) => Some((0, Some((1_i128 << bits) - 1))),
        (true, 128) => Some((i128::MIN, Some(i128::MAX))),
        (false, 128) => Some((0, None)),
        _ => None,
    }
}

/// The range of the integer that a schema describes by its format; `None` if it describes another
/// thing, or says nothing of the range.
pub(crate) fn range_of(keywords: &Map<String, Value>) -> Option<(i128, Option<i128>)> {
    let is_integer = match keywords.get("type")? {
        Value::String(name) => name == "integer",
        Value::Array(names) => {
            names.iter().any(|name| name == "integer") && !names.iter().any(|it| it == "number")
        }
        _ => false,
    };
    range(keywords.get("format")?.as_str()?).filter(|_| is_integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_rusts_integers() {
        let both = |least, greatest| Some((least, Some(greatest)));
        for (format, expected) in [
            ("int8", both(i8::MIN.into(), i8::MAX.into())),
            ("int16", both(i16::MIN.into(), i16::MAX.into())),
            ("int32", both(i32::MIN.into(), i32::MAX.into())),
            ("int64", both(i64::MIN.into(), i64::MAX.into())),
            ("int", both(i64::MIN.into(), i64::MAX.into())),
            ("int128", both(i128::MIN, i128::MAX)),
            ("uint8", both(0, u8::MAX.into())),
            ("uint16", both(0, u16::MAX.into())),
            ("uint32", both(0, u32::MAX.into())),
            ("uint64", both(0, u64::MAX.into())),
            ("uint", both(0, u64::MAX.into())),
            ("uint128", Some((0, None))),
            ("int7", None),
            ("uint-8", None),
            ("double", None),
            ("date", None),
        ] {
            assert_eq!(range(format), expected, "{format}");
        }
    }
}
