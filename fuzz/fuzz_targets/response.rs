//! Responses read the same in whatever pieces they come and whatever came before, no body is
//! larger than its limit, and a stream has the content that its body would have.

#![no_main]

use bytes::Bytes;
use goplug_fuzz::pieces;
use goplug_runtime::http1::{Buffer, Opening, Piece, Progress, ReadError, ResponseReader};
use libfuzzer_sys::fuzz_target;

/// What became of a connection: the responses, as status and body, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    responses: Vec<(u16, bool, Bytes)>,
    interims: Vec<u16>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Late,
    TooLarge,
    Broken(std::io::ErrorKind),
}

/// Who reads a response behind another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Kept,
    Fresh,
}

fuzz_target!(|input: &[u8]| {
    for limit in [0, 8, 1 << 20] {
        let whole = read([input], limit, Reader::Kept);
        assert!(whole.responses.iter().all(|(_, _, body)| body.len() <= limit), "{whole:?}");
        assert_eq!(read(pieces(input), limit, Reader::Kept), whole);
        assert_eq!(read(input.chunks(1), limit, Reader::Fresh), whole);
    }
    let whole = read([input], 1 << 20, Reader::Kept);
    for stream in [stream([input]), stream(pieces(input)), stream(input.chunks(1))] {
        if let (Some((content, true)), Some((200, _, body))) = (stream, whole.responses.first()) {
            assert_eq!(content[..], body[..]);
        }
    }
});

/// The content of the stream that these bytes begin with, if they do, and whether it has come to
/// its end.
fn stream<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> Option<(Vec<u8>, bool)> {
    let (mut reader, mut buffer) = (ResponseReader::new(1 << 20), Buffer::default());
    let mut input = input.into_iter();
    let mut stream = loop {
        match reader.open(&mut buffer).ok()? {
            Opening::Stream(pieces) => break pieces,
            Opening::Progress(Progress::Whole(_)) => return None,
            Opening::Progress(Progress::Interim(_)) => {}
            Opening::Progress(Progress::More) => buffer.put(input.next()?),
        }
    };
    let mut content = Vec::new();
    loop {
        match stream.next(&mut buffer).ok()? {
            Piece::Content(count) => buffer.move_to(&mut content, count),
            Piece::End => return Some((content, true)),
            Piece::More => match input.next() {
                Some(piece) => buffer.put(piece),
                None => return Some((content, stream.end().is_ok())),
            },
        }
    }
}

/// Reads responses, one behind the other, until one of them fails or nothing more comes.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize, behind: Reader) -> Outcome {
    let mut outcome = Outcome { responses: Vec::new(), interims: Vec::new(), end: End::Late };
    let (mut reader, mut buffer) = (ResponseReader::new(limit), Buffer::default());
    for mut piece in pieces {
        while !piece.is_empty() {
            let room = match reader.room(&mut buffer) {
                Ok(room) => room,
                Err(error) => return Outcome { end: End::Broken(error.kind()), ..outcome },
            };
            let count = piece.len().min(room.capacity() - room.len());
            assert!(count > 0, "there is no room for what comes");
            room.extend_from_slice(&piece[..count]);
            piece = &piece[count..];
            loop {
                match reader.take(&mut buffer) {
                    Ok(Progress::More) => break,
                    Ok(Progress::Interim(status)) => outcome.interims.push(status),
                    Ok(Progress::Whole(response)) => {
                        if behind == Reader::Fresh {
                            reader = ResponseReader::new(limit);
                        }
                        outcome.responses.push((
                            response.status,
                            response.keep_alive,
                            response.body,
                        ));
                    }
                    Err(error) => return Outcome { end: end_of(error), ..outcome },
                }
            }
        }
    }
    match reader.end() {
        Ok(response) => {
            outcome.responses.push((response.status, response.keep_alive, response.body));
            outcome
        }
        Err(error) => Outcome { end: end_of(error), ..outcome },
    }
}

fn end_of(error: ReadError) -> End {
    match error {
        ReadError::TooLarge => End::TooLarge,
        ReadError::Broken(error) => End::Broken(error.kind()),
    }
}
