//! The head of a part: its name, and how long it is.

use memchr::memmem;

use super::error::PartsError;
use crate::limits::MAX_PART_HEAD;
use crate::protocol::wire;

/// What the head of a part says.
pub(super) struct PartHead {
    pub(super) name: String,
    /// The length of the content in bytes, if the head has it.
    pub(super) length: Option<usize>,
    /// The length of the head, with its empty line.
    pub(super) size: usize,
}

impl PartHead {
    /// Reads the head at the beginning of these bytes.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, PartsError> {
        let begin = &bytes[..bytes.len().min(MAX_PART_HEAD)];
        let Some(end) = memmem::find(begin, b"\r\n\r\n") else {
            let long = begin.len() == MAX_PART_HEAD;
            return Err(if long { PartsError::HeadTooLong } else { PartsError::Unfinished });
        };
        let (mut name, mut length) = (None, None);
        for line in begin[..end].split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            let colon = line.iter().position(|byte| *byte == b':').ok_or(PartsError::Head)?;
            let (field, value) = (&line[..colon], line[colon + 1..].trim_ascii());
            if field.eq_ignore_ascii_case(b"content-disposition") {
                name = name_of(value);
            } else if field.eq_ignore_ascii_case(b"content-length") {
                let number = wire::parse_number(value).ok_or(PartsError::Length)?;
                length = Some(usize::try_from(number).map_err(|_| PartsError::Length)?);
            } else if field.eq_ignore_ascii_case(b"content-transfer-encoding") {
                check_encoding(value)?;
            }
        }
        Ok(Self { name: name.ok_or(PartsError::NoName)?, length, size: end + 4 })
    }
}

/// Bytes travel as they are; an encoding would have to be undone.
fn check_encoding(value: &[u8]) -> Result<(), PartsError> {
    let is_none = |none: &&str| value.eq_ignore_ascii_case(none.as_bytes());
    match ["binary", "8bit", "7bit"].iter().find(|none| is_none(none)) {
        Some(_) => Ok(()),
        None => Err(PartsError::Encoding(String::from_utf8_lossy(value).into_owned())),
    }
}

/// The parameter `name` of a `Content-Disposition`: a token, or text in quotes.
fn name_of(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    let mut rest = value.strip_prefix("form-data")?.trim_start();
    while let Some(parameter) = rest.strip_prefix(';') {
        let (key, after) = parameter.split_once('=')?;
        let (text, after) = parameter_value(after)?;
        if key.trim().eq_ignore_ascii_case("name") {
            return Some(text);
        }
        rest = after.trim_start();
    }
    None
}

/// The value of a parameter, and what follows it.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim_end().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            // Only these two are escaped: some clients write a Windows path as it is.
            '\\' if quoted[at + 1..].starts_with(['"', '\\']) => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<PartHead, PartsError> {
        PartHead::read(text.as_bytes())
    }

    #[test]
    fn a_name_is_a_token_or_text_in_quotes() {
        for (disposition, name) in [
            ("form-data; name=\"image\"", "image"),
            ("form-data; name=image", "image"),
            ("form-data;name = image ; filename=x", "image"),
            ("form-data; filename=\"a; name=b.png\"; name=\"image\"", "image"),
            (r#"form-data; filename="C:\b.png"; name="image""#, "image"),
            (r#"form-data; name="a \"b\" \\c""#, r#"a "b" \c"#),
            ("form-data; name=\"größe\"", "größe"),
        ] {
            let head = head(&format!("Content-Disposition: {disposition}\r\n\r\n"));
            assert_eq!(head.unwrap().name, name, "{disposition}");
        }
    }

    #[test]
    fn a_head_without_a_name_is_refused() {
        for text in [
            "Content-Type: text/plain\r\n\r\n",
            "Content-Disposition: form-data\r\n\r\n",
            "Content-Disposition: attachment; name=\"a\"\r\n\r\n",
            "Content-Disposition: form-data; name=\"a\r\n\r\n",
        ] {
            assert!(matches!(head(text), Err(PartsError::NoName)), "{text}");
        }
    }

    #[test]
    fn only_an_encoding_that_changes_nothing_is_accepted() {
        let name = "Content-Disposition: form-data; name=a\r\n";
        let encoded = |by| head(&format!("{name}Content-Transfer-Encoding: {by}\r\n\r\n"));
        assert_eq!(encoded("Binary").unwrap().length, None);
        assert!(matches!(encoded("base64"), Err(PartsError::Encoding(by)) if by == "base64"));
    }

    #[test]
    fn a_head_that_does_not_end_is_too_long_or_unfinished() {
        assert!(matches!(head("Content-Disposition: form"), Err(PartsError::Unfinished)));
        let long = "X: y\r\n".repeat(MAX_PART_HEAD);
        assert!(matches!(head(&long), Err(PartsError::HeadTooLong)));
    }
}
