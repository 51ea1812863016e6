//! Heads of requests as this project's hosts write them.
//!
//! The first thing that a plugin does in its life is to read one. To parse heads of every kind,
//! httparse asks the processor first what it can do, and on a virtual machine that alone takes
//! some 40 µs, as long as to answer the request. The heads that come from hosts of this project
//! are all of one kind, and are read here.

use httparse::Header;

/// Reads such a head: a `POST` to a path of letters, digits and a few signs, then fields whose
/// names are in lower case and whose values are printable. Answers with the path, how many
/// fields there are, and how long it is; `None` where it is another one, which may be right for
/// all that, or goes on behind these bytes.
pub(super) fn parse<'a>(
    bytes: &'a [u8],
    fields: &mut [Header<'a>],
) -> Option<(&'a str, usize, usize)> {
    let mut rest = bytes.strip_prefix(b"POST ")?;
    let path = take_while(&mut rest, is_path).filter(|path| path.starts_with(b"/"))?;
    rest = rest.strip_prefix(b" HTTP/1.1\r\n")?;
    let mut count = 0;
    while !rest.starts_with(b"\r\n") {
        let name = take_while(&mut rest, is_name)?;
        rest = rest.strip_prefix(b": ")?;
        let value = take_while(&mut rest, is_value)?;
        rest = rest.strip_prefix(b"\r\n")?;
        if value.starts_with(b" ") || value.ends_with(b" ") {
            return None;
        }
        *fields.get_mut(count)? = Header { name: std::str::from_utf8(name).ok()?, value };
        count += 1;
    }
    Some((std::str::from_utf8(path).ok()?, count, bytes.len() - rest.len() + 2))
}

/// The bytes up to the first that is none of these, of which there must be one.
fn take_while<'a>(rest: &mut &'a [u8], is_one: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| !is_one(*byte)).filter(|end| *end > 0)?;
    let (taken, left) = rest.split_at(end);
    *rest = left;
    Some(taken)
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/%-._~".contains(&byte)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'-'
}

fn is_value(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

#[cfg(test)]
mod tests {
    use httparse::{EMPTY_HEADER, Status};
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "POST /main.Do%20it/7 HTTP/1.1\r\nhost: math\r\n\
                        content-type: application/json\r\ngoplug-timeout: 250\r\n\
                        content-length: 2\r\n\r\n";

    /// What is read here is what httparse reads; answers with how many fields that are.
    fn agrees(bytes: &[u8]) -> Option<usize> {
        let (mut fields, mut others) = ([EMPTY_HEADER; 8], [EMPTY_HEADER; 8]);
        let (path, count, size) = parse(bytes, &mut fields)?;
        let mut request = httparse::Request::new(&mut others);
        assert_eq!(request.parse(bytes), Ok(Status::Complete(size)));
        assert_eq!((request.method, request.version), (Some("POST"), Some(1)));
        assert_eq!((request.path, &*request.headers), (Some(path), &fields[..count]));
        Some(count)
    }

    #[test]
    fn a_head_of_a_host_is_read_and_the_beginning_of_one_is_not() {
        assert_eq!(agrees(HEAD.as_bytes()), Some(4));
        assert_eq!(agrees(format!("{HEAD}{{}}POST").as_bytes()), Some(4));
        for end in 0..HEAD.len() {
            assert_eq!(agrees(&HEAD.as_bytes()[..end]), None);
        }
    }

    #[test]
    fn what_others_write_is_left_to_others() {
        for (from, to) in [
            ("POST", "PUT"),
            ("1.1", "1.0"),
            ("host", "Host"),
            ("math", "m\u{e4}th"),
            (": math", ":math"),
            (": math", ":  math"),
            ("math", "math "),
            ("math", ""),
            ("math\r\n", "math\n"),
            ("/7", "/7?x"),
            ("/main", "main"),
        ] {
            assert_eq!(agrees(HEAD.replacen(from, to, 1).as_bytes()), None, "{from} {to}");
        }
        let many = "x: y\r\n".repeat(9);
        assert_eq!(agrees(format!("POST / HTTP/1.1\r\n{many}\r\n").as_bytes()), None);
    }

    proptest! {
        #[test]
        fn whatever_is_changed_in_one_it_is_read_as_httparse_reads_it_or_not_at_all(
            changes in prop::collection::vec((0..HEAD.len(), any::<u8>()), 0..4),
        ) {
            let mut bytes = HEAD.as_bytes().to_vec();
            for (at, byte) in changes {
                bytes[at] = byte;
            }
            agrees(&bytes);
        }
    }
}
