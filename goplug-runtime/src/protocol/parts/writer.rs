//! Puts a body together, without copying what is large.

use std::fmt::Write as _;

use bytes::Bytes;

use super::boundary;
use crate::protocol::wire;

/// The largest content that is copied behind its head, in bytes: 16 KiB. A larger one is a piece of
/// its own.
const COPIED: usize = 16 << 10;

/// A body of parts.
#[derive(Debug)]
pub struct Multipart {
    /// The body's media type, with the boundary.
    pub media_type: String,
    /// The body, in pieces that follow each other. There is at least one.
    pub pieces: Vec<Bytes>,
}

impl Multipart {
    /// A body with one part of JSON, and further parts of bytes, in this order.
    pub fn new<'a>(
        name: &str,
        json: &[u8],
        bytes: impl IntoIterator<Item = (&'a str, &'a Bytes)>,
    ) -> Self {
        let boundary = boundary::random();
        let mut draft = Draft::default();
        draft.head(&boundary, name, wire::JSON, json.len());
        draft.text.extend_from_slice(json);
        for (name, content) in bytes {
            draft.text.extend_from_slice(b"\r\n");
            draft.head(&boundary, name, wire::OCTET_STREAM, content.len());
            draft.content(content);
        }
        draft.text.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        draft.end_piece();
        Self { media_type: format!("{}; boundary={boundary}", wire::FORM_DATA), pieces: draft.done }
    }

    /// The length of the body in bytes.
    pub fn length(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }

    /// The body as one, which copies it unless it has one piece.
    pub fn joined(self) -> Bytes {
        match <[Bytes; 1]>::try_from(self.pieces) {
            Ok([only]) => only,
            Err(pieces) => pieces.concat().into(),
        }
    }
}

/// A body that is being written.
#[derive(Default)]
struct Draft {
    done: Vec<Bytes>,
    /// The beginning of the next piece.
    text: Vec<u8>,
}

impl Draft {
    fn head(&mut self, boundary: &str, name: &str, media_type: &str, length: usize) {
        let mut head = format!("--{boundary}\r\ncontent-disposition: form-data; name=\"");
        for c in name.chars() {
            match c {
                '"' | '\\' => head.extend(['\\', c]),
                c => head.push(c),
            }
        }
        // A `String` takes everything.
        let _ =
            write!(head, "\"\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n");
        self.text.extend_from_slice(head.as_bytes());
    }

    fn content(&mut self, content: &Bytes) {
        if content.len() <= COPIED {
            self.text.extend_from_slice(content);
        } else {
            self.end_piece();
            self.done.push(content.clone());
        }
    }

    fn end_piece(&mut self) {
        self.done.push(std::mem::take(&mut self.text).into());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Part, read};
    use super::*;

    #[test]
    fn large_contents_are_not_copied() {
        let (large, small) = (Bytes::from(vec![7; COPIED + 1]), Bytes::from_static(b"small"));
        let body = Multipart::new("arguments", b"{}", [("a", &large), ("b", &small)]);
        assert_eq!(body.pieces[1].as_ptr(), large.as_ptr());
        assert_eq!((body.pieces.len(), body.length()), (3, body.pieces.concat().len()));
    }

    #[test]
    fn the_media_type_names_the_boundary() {
        let Multipart { media_type, pieces } = Multipart::new("value", b"1", []);
        let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        assert!(pieces[0].starts_with(format!("--{boundary}\r\n").as_bytes()));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            json in "[ -~]{0,9}",
            contents in prop::collection::vec(
                ("[a-z\"\\\\ ä]{1,9}", prop::collection::vec(any::<u8>(), 0..COPIED * 2)), 0..4),
        ) {
            let contents: Vec<_> =
                contents.into_iter().map(|(name, bytes)| (name, Bytes::from(bytes))).collect();
            let bytes = contents.iter().map(|(name, bytes)| (&**name, bytes));
            let body = Multipart::new("arguments", json.as_bytes(), bytes);
            let (length, body) = (body.length(), body.joined());
            prop_assert_eq!(length, body.len());
            let mut expected = vec![Part { name: "arguments".into(), content: json.into() }];
            expected.extend(contents.into_iter().map(|(name, content)| Part { name, content }));
            prop_assert_eq!(read(&body).unwrap(), expected);
        }
    }
}
