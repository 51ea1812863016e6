//! Takes a body apart.

use bytes::Bytes;
use memchr::memmem::Finder;

use super::Part;
use super::boundary;
use super::error::PartsError;
use super::head::PartHead;
use crate::limits::MAX_PARTS;

/// The parts of a body, in order. Their contents are slices of the body.
///
/// # Errors
/// The body is not `multipart/form-data`.
pub fn read(body: &Bytes) -> Result<Vec<Part>, PartsError> {
    let mut delimiter = b"\r\n".to_vec();
    delimiter.extend_from_slice(first_line(body).ok_or(PartsError::Boundary)?);
    let delimiter = Delimiter { finder: Finder::new(&delimiter) };
    let (mut parts, mut at) = (Vec::new(), delimiter.len() - 2);
    loop {
        let rest = &body[at..];
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        if !rest.starts_with(b"\r\n") {
            return Err(PartsError::Delimiter);
        }
        if parts.len() == MAX_PARTS {
            return Err(PartsError::TooMany);
        }
        let head = PartHead::read(&rest[2..])?;
        let start = at + 2 + head.size;
        let end = match head.length {
            Some(length) => delimiter.at_end_of(body, start, length)?,
            None => delimiter.find(body, start)?,
        };
        parts.push(Part { name: head.name, content: body.slice(start..end) });
        at = end + delimiter.len();
    }
}

/// The boundary and the two dashes before it, if the body begins with them.
fn first_line(body: &[u8]) -> Option<&[u8]> {
    let begin = &body[..body.len().min(boundary::MAX_BOUNDARY + 4)];
    let end = begin.iter().position(|byte| *byte == b'\r')?;
    let line = &begin[..end];
    (line.starts_with(b"--") && boundary::is_valid(&line[2..])).then_some(line)
}

/// A new line, two dashes and the boundary: what ends a content.
struct Delimiter<'a> {
    finder: Finder<'a>,
}

impl Delimiter<'_> {
    fn len(&self) -> usize {
        self.finder.needle().len()
    }

    /// The end of a content of this length.
    fn at_end_of(&self, body: &[u8], start: usize, length: usize) -> Result<usize, PartsError> {
        let end = start.checked_add(length).ok_or(PartsError::Length)?;
        let rest = body.get(end..).ok_or(PartsError::Length)?;
        if rest.starts_with(self.finder.needle()) { Ok(end) } else { Err(PartsError::Length) }
    }

    /// The end of a content of unknown length.
    fn find(&self, body: &[u8], start: usize) -> Result<usize, PartsError> {
        let mut from = start;
        loop {
            let found = self.finder.find(&body[from..]).ok_or(PartsError::Unfinished)?;
            let end = from + found;
            // A line that goes on is content: the boundary is only its beginning.
            let after = &body[end + self.len()..];
            if after.starts_with(b"--") || after.starts_with(b"\r\n") {
                return Ok(end);
            }
            from = end + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &[u8]) -> Result<Vec<(String, Vec<u8>)>, PartsError> {
        let read = read(&Bytes::copy_from_slice(body))?;
        Ok(read.into_iter().map(|part| (part.name, part.content.to_vec())).collect())
    }

    fn part(name: &str, content: &[u8]) -> (String, Vec<u8>) {
        (name.to_owned(), content.to_vec())
    }

    /// As `curl -F 'arguments={"width":3}' -F image=@a.png` writes it.
    const CURL: &[u8] = b"--------------------------d74496d66958873e\r\n\
        Content-Disposition: form-data; name=\"arguments\"\r\n\r\n\
        {\"width\":3}\r\n\
        --------------------------d74496d66958873e\r\n\
        Content-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\
        Content-Type: image/png\r\n\r\n\
        \x89PNG\r\n\r\n--------------------------d74496d66958873ex\r\n\r\n\
        --------------------------d74496d66958873e--\r\n";

    #[test]
    fn the_parts_of_curl_are_read() {
        let image = b"\x89PNG\r\n\r\n--------------------------d74496d66958873ex\r\n";
        let expected = [part("arguments", b"{\"width\":3}"), part("image", image)];
        assert_eq!(parts(CURL).unwrap(), expected);
    }

    #[test]
    fn the_parts_of_pythons_requests_are_read() {
        let body = b"--3c4ab2\r\nContent-Disposition: form-data; name=\"arguments\"\r\n\r\n[]\r\n\
            --3c4ab2\r\nContent-Disposition: form-data; name=\"data\"; filename=\"data\"\r\n\r\n\
            \r\n--3c4ab2--\r\n";
        assert_eq!(parts(body).unwrap(), [part("arguments", b"[]"), part("data", b"")]);
    }

    #[test]
    fn a_part_with_its_length_may_contain_the_boundary() {
        let content = b"a\r\n--b\r\nc";
        let body = [
            b"--b\r\ncontent-disposition: form-data; name=x\r\ncontent-length: 9\r\n\r\n",
            &content[..],
            b"\r\n--b--",
        ];
        assert_eq!(parts(&body.concat()).unwrap(), [part("x", content)]);
    }

    #[test]
    fn contents_are_slices_of_the_body() {
        let body = Bytes::from_static(CURL);
        for part in read(&body).unwrap() {
            assert!(body.as_ptr_range().contains(&part.content.as_ptr()));
        }
    }

    #[test]
    fn a_length_that_is_not_that_of_the_content_is_refused() {
        for length in ["2", "4", "1000", "18446744073709551615", "-1", "three"] {
            let body = format!(
                "--b\r\nContent-Disposition: form-data; name=x\r\nContent-Length: {length}\r\n\r\n\
                 abc\r\n--b--"
            );
            assert_eq!(parts(body.as_bytes()), Err(PartsError::Length), "{length}");
        }
    }

    #[test]
    fn a_body_that_is_cut_off_is_refused() {
        for end in 0..CURL.len() - 4 {
            assert!(parts(&CURL[..end]).is_err(), "{end}");
        }
        let without_last = CURL.strip_suffix(b"--\r\n").unwrap();
        assert_eq!(parts(without_last), Err(PartsError::Unfinished));
    }

    #[test]
    fn what_does_not_begin_with_a_boundary_is_refused() {
        for body in ["", "{}", "--", "--\r\n", "--a b\r\n", "\r\n--b\r\n"] {
            assert_eq!(parts(body.as_bytes()), Err(PartsError::Boundary), "{body}");
        }
    }

    #[test]
    fn a_body_may_have_no_part_but_not_too_many() {
        assert_eq!(parts(b"--b\r\n\r\n--b--"), Err(PartsError::Unfinished));
        let one = "--b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n";
        let most = one.repeat(MAX_PARTS) + "--b--";
        assert_eq!(parts(most.as_bytes()).unwrap().len(), MAX_PARTS);
        let more = one.repeat(MAX_PARTS + 1) + "--b--";
        assert_eq!(parts(more.as_bytes()), Err(PartsError::TooMany));
    }
}
