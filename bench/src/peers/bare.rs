//! What the bare sockets carry: frames of a length, a kind and a body. Typed arguments and
//! results are JSON, as goplug's are.

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::Callbacks;

/// What a frame is for. An answer is of the kind of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Echo,
    Take,
    /// Asks for callbacks, and is a callback.
    CallBack,
    Slow,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Add, Self::Echo, Self::Take, Self::CallBack, Self::Slow];

    fn read(byte: u8) -> Result<Self> {
        Self::ALL.get(usize::from(byte)).copied().context("a frame of an unknown kind")
    }
}

/// A length of four bytes, and a kind of one.
pub(super) const HEAD: usize = 5;

/// The largest body, in bytes.
const LARGEST: usize = 64 << 20;

/// Callbacks that may be joined make up pieces of about this many bytes, as in goplug.
const PIECE: usize = 16 << 10;

#[derive(Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Bytes,
}

impl Frame {
    /// The first frame of a buffer, which it leaves; `None` where there is no whole one.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>> {
        let Some(mut head) = buffer.get(..HEAD) else { return Ok(None) };
        let (length, kind) = (head.get_u32_le() as usize, Kind::read(head.get_u8())?);
        if length > LARGEST {
            bail!("a frame of {length} bytes");
        }
        if buffer.len() < HEAD + length {
            // Whatever is missing fits in then.
            buffer.reserve(HEAD + length - buffer.len());
            return Ok(None);
        }
        buffer.advance(HEAD);
        Ok(Some(Self { kind, body: buffer.split_to(length).freeze() }))
    }

    /// Everything before the body.
    pub(super) fn head(kind: Kind, length: usize) -> Result<[u8; HEAD]> {
        let [a, b, c, d] = u32::try_from(length)?.to_le_bytes();
        Ok([a, b, c, d, kind as u8])
    }

    /// Makes a buffer, which is used again and again, one frame with a JSON body.
    pub(super) fn json(buffer: &mut BytesMut, kind: Kind, value: &impl Serialize) -> Result<()> {
        buffer.clear();
        Self::append(buffer, kind, value)
    }

    /// Appends a frame with a JSON body.
    fn append(buffer: &mut BytesMut, kind: Kind, value: &impl Serialize) -> Result<()> {
        let begin = buffer.len();
        buffer.put_bytes(0, HEAD);
        serde_json::to_writer((&mut *buffer).writer(), value)?;
        let head = Self::head(kind, buffer.len() - begin - HEAD)?;
        buffer[begin..begin + HEAD].copy_from_slice(&head);
        Ok(())
    }
}

/// The arguments of `add`.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Pair {
    pub(super) a: i64,
    pub(super) b: i64,
}

/// An answer of the other process.
pub(super) enum Answer {
    /// Stands in the buffer.
    Buffered,
    /// Stands in the buffer, and waits there for [`SLOWNESS`](super::SLOWNESS).
    Late,
    Bytes(Kind, Bytes),
    Callbacks(BodyStream),
}

/// Callbacks, piece by piece.
pub(super) struct BodyStream {
    calls: Callbacks,
    next: u64,
}

impl BodyStream {
    /// Puts the next piece into a buffer; answers whether there was one.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<bool> {
        buffer.clear();
        while self.next < self.calls.count {
            Frame::append(buffer, Kind::CallBack, &self.next)?;
            self.next += 1;
            if !self.calls.joined || buffer.len() >= PIECE {
                break;
            }
        }
        Ok(!buffer.is_empty())
    }
}

/// Checks what a host receives: the callback of this number.
pub(super) fn check_callback(frame: &Frame, number: u64) -> Result<()> {
    let came: u64 = serde_json::from_slice(&frame.body)?;
    ensure!(frame.kind == Kind::CallBack && came == number, "{came} came in place of {number}");
    Ok(())
}

/// What the other process does with a request; a small answer stands in the buffer.
pub(super) fn answer(frame: Frame, buffer: &mut BytesMut) -> Result<Answer> {
    match frame.kind {
        Kind::Add => {
            let Pair { a, b } = serde_json::from_slice(&frame.body)?;
            Frame::json(buffer, Kind::Add, &a.wrapping_add(b))?;
            Ok(Answer::Buffered)
        }
        Kind::Echo => Ok(Answer::Bytes(Kind::Echo, frame.body)),
        Kind::Take => {
            Frame::json(buffer, Kind::Take, &frame.body.len())?;
            Ok(Answer::Buffered)
        }
        Kind::Slow => {
            Frame::json(buffer, Kind::Slow, &())?;
            Ok(Answer::Late)
        }
        Kind::CallBack => {
            let calls = serde_json::from_slice(&frame.body)?;
            Ok(Answer::Callbacks(BodyStream { calls, next: 0 }))
        }
    }
}
