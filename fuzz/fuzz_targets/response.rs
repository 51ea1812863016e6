//! Neither the pieces in which responses arrive nor the responses before change what is read; no
//! body is larger than its limit; a stream has the data that the same body has when it is read as
//! a whole.

#![no_main]

use bytes::Bytes;
use goplug_fuzz::pieces;
use goplug_runtime::http1::{
    BodyProgress, Buffer, Progress, ReadError, ResponseReader, StreamedResponse,
};
use libfuzzer_sys::fuzz_target;

/// What was read from a connection: the responses, as status, keep-alive and body, the statuses of
/// the interim responses, and how it ended.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    responses: Vec<(u16, bool, Bytes)>,
    interims: Vec<u16>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Eof,
    TooLarge,
    Broken(std::io::ErrorKind),
}

/// The reader for each further response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// One for all, with its cache of heads.
    Reused,
    /// A new one each time.
    Fresh,
}

fuzz_target!(|input: &[u8]| {
    for limit in [0, 8, 1 << 20] {
        let whole = read([input], limit, Reader::Reused);
        assert!(whole.responses.iter().all(|(_, _, body)| body.len() <= limit), "{whole:?}");
        assert_eq!(read(pieces(input), limit, Reader::Reused), whole);
        assert_eq!(read(input.chunks(1), limit, Reader::Fresh), whole);
    }
    let whole = read([input], 1 << 20, Reader::Reused);
    for stream in [stream([input]), stream(pieces(input)), stream(input.chunks(1))] {
        if let (Some((data, true)), Some((200, _, body))) = (stream, whole.responses.first()) {
            assert_eq!(data[..], body[..]);
        }
    }
});

/// The data of the stream at the beginning of these bytes, if there is one, and whether the stream
/// is complete.
fn stream<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> Option<(Vec<u8>, bool)> {
    let (mut reader, mut buffer) = (ResponseReader::new(1 << 20), Buffer::default());
    let mut input = input.into_iter();
    let mut stream = loop {
        match reader.take_stream(&mut buffer).ok()? {
            StreamedResponse::Stream(head) => break head.body,
            StreamedResponse::Other(Progress::Complete(_)) => return None,
            StreamedResponse::Other(Progress::Interim(_)) => {}
            StreamedResponse::Other(Progress::More) => buffer.put(input.next()?),
        }
    };
    let mut data = Vec::new();
    loop {
        match stream.next(&mut buffer).ok()? {
            BodyProgress::Data(count) => buffer.move_to(&mut data, count),
            BodyProgress::End => return Some((data, true)),
            BodyProgress::More => match input.next() {
                Some(piece) => buffer.put(piece),
                None => return Some((data, stream.end().is_ok())),
            },
        }
    }
}

/// Reads responses, one after the other, until one of them fails or the input ends.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize, readers: Reader) -> Outcome {
    let mut outcome = Outcome { responses: Vec::new(), interims: Vec::new(), end: End::Eof };
    let (mut reader, mut buffer) = (ResponseReader::new(limit), Buffer::default());
    for mut piece in pieces {
        while !piece.is_empty() {
            let room = match reader.room(&mut buffer) {
                Ok(room) => room,
                Err(error) => return Outcome { end: End::Broken(error.kind()), ..outcome },
            };
            let count = piece.len().min(room.capacity() - room.len());
            assert!(count > 0, "there is no room for the next bytes");
            room.extend_from_slice(&piece[..count]);
            piece = &piece[count..];
            loop {
                match reader.take(&mut buffer) {
                    Ok(Progress::More) => break,
                    Ok(Progress::Interim(status)) => outcome.interims.push(status),
                    Ok(Progress::Complete(response)) => {
                        if readers == Reader::Fresh {
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
