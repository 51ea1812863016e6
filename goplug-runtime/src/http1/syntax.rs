//! What the parts of a message consist of, where httparse allows more than RFC 9112 does.
//!
//! A reader that is lenient in another way would read another message, so nothing is repaired.

#[cfg(any(feature = "host", feature = "plugin"))]
use crate::protocol::wire::is_unreserved;

/// Whether every line of a head ends in CR LF, the only line end that all readers agree on.
#[cfg(any(feature = "host", feature = "plugin"))]
pub(super) fn has_sound_line_ends(head: &[u8]) -> bool {
    !head.starts_with(b"\n") && head.windows(2).all(|pair| pair[1] != b'\n' || pair[0] == b'\r')
}

/// Whether this is a header or a trailer: a name, a colon right behind it, and a value.
pub(super) fn is_header_line(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
    let (name, value) = line.split_at(colon);
    !name.is_empty() && name.iter().copied().all(is_token) && is_header_value(value)
}

/// Whether a header can have this value: it contains no control characters, except tabs.
pub(super) fn is_header_value(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control())
}

/// Whether this can be the value of a `Host` header: a name or an address, and perhaps a port. It
/// may be empty.
#[cfg(any(feature = "host", feature = "plugin"))]
pub fn is_host(value: &[u8]) -> bool {
    let end = if value.starts_with(b"[") {
        let is_address = |byte: &u8| byte.is_ascii_hexdigit() || b"[:.%".contains(byte);
        let end = value.iter().take_while(|byte| is_address(byte)).count();
        if value.get(end) != Some(&b']') {
            return false;
        }
        end + 1
    } else {
        let is_name = |byte: u8| is_unreserved(byte) || b"!$&'()*+,;=%".contains(&byte);
        value.iter().take_while(|byte| is_name(**byte)).count()
    };
    match &value[end..] {
        [] => true,
        [b':', port @ ..] => port.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether a path with its query has only characters that RFC 3986 allows there, and brackets,
/// which Go's library sends as they are.
#[cfg(feature = "plugin")]
pub(super) fn is_path(path: &str) -> bool {
    path.bytes().all(|byte| is_unreserved(byte) || b"!$&'()*+,;=%:@/?[]".contains(&byte))
}

/// Whether a segment of a path is `.` or `..`, percent-encoded or not. Some readers resolve these,
/// and then see another path.
#[cfg(feature = "plugin")]
pub(super) fn has_dot_segment(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    // Most paths are not looked at segment by segment.
    (path.contains("/.") || path.contains("/%2")) && path.split('/').any(is_dots)
}

#[cfg(feature = "plugin")]
fn is_dots(segment: &str) -> bool {
    let Some(rest) = after_dot(segment.as_bytes()) else { return false };
    rest.is_empty() || after_dot(rest).is_some_and(<[u8]>::is_empty)
}

#[cfg(feature = "plugin")]
fn after_dot(segment: &[u8]) -> Option<&[u8]> {
    match segment {
        [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => Some(rest),
        _ => None,
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_in_cr_lf() {
        for head in ["", "a\r\n\r\n", "\r\n"] {
            assert!(has_sound_line_ends(head.as_bytes()), "{head:?}");
        }
        for head in ["\n", "a\n", "a\r\n\n", "a\n\r\n"] {
            assert!(!has_sound_line_ends(head.as_bytes()), "{head:?}");
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in
            ["", "goplug", "TestDo", "x:80", "x:", "[::1]", "[::1]:80", "127.0.0.1", "%2Ftmp"]
        {
            assert!(is_host(host.as_bytes()), "{host:?}");
        }
        for host in
            ["a b", "a/b", "me@x", "x:eighty", "x?", "x#", "a\tb", "gr\u{fc}n", "a\\b", "<x>"]
        {
            assert!(!is_host(host.as_bytes()), "{host:?}");
        }
    }

    #[cfg(feature = "plugin")]
    #[test]
    fn a_path_has_no_character_that_would_have_to_be_encoded_and_no_dots() {
        for path in ["/add", "/main.(*T).Do", "/Map[int]", "/a/b?c=d&e=/../", "/..a/.b/c..", "/%20"]
        {
            assert!(is_path(path) && !has_dot_segment(path), "{path}");
        }
        for path in ["/a#b", "/a b", "/\u{e4}", "/a\\b", "/<a>", "/{a}", "/a|b", "/\"", "/a^", "/`"]
        {
            assert!(!is_path(path), "{path}");
        }
        for path in ["/..", "/.", "/a/../b", "/a/.", "/a/%2E%2e/b", "/.%2e?x", "/%2e"] {
            assert!(has_dot_segment(path), "{path}");
        }
    }
}
