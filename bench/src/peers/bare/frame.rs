//! The frames of the bare sockets: a length, a kind and a body. Typed arguments and results are
//! JSON, as with goplug.

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

/// What a frame is for. A response has the kind of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Add,
    Echo,
    Take,
    /// Both the request for callbacks and each callback.
    CallBack,
    Slow,
    /// The request for chunks, and each chunk of either side. One without content is the last.
    Chunk,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Add, Self::Echo, Self::Take, Self::CallBack, Self::Slow, Self::Chunk];

    fn from_byte(byte: u8) -> Result<Self> {
        Self::ALL.get(usize::from(byte)).copied().context("a frame of an unknown kind")
    }
}

/// The size of a frame's head: a length of four bytes and a kind of one.
pub(super) const HEAD: usize = 5;

/// The largest body, in bytes.
const LARGEST: usize = 64 << 20;

#[derive(Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    pub(super) body: Bytes,
}

impl Frame {
    /// Removes the first frame from a buffer. `None` if the buffer does not contain a whole
    /// frame yet.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Self>> {
        let Some(mut head) = buffer.get(..HEAD) else { return Ok(None) };
        let (length, kind) = (head.get_u32_le() as usize, Kind::from_byte(head.get_u8())?);
        if length > LARGEST {
            bail!("a frame of {length} bytes");
        }
        if buffer.len() < HEAD + length {
            // Makes room for the rest of the frame.
            buffer.reserve(HEAD + length - buffer.len());
            return Ok(None);
        }
        buffer.advance(HEAD);
        Ok(Some(Self { kind, body: buffer.split_to(length).freeze() }))
    }

    /// The head of a frame whose body has this length.
    pub(super) fn head(kind: Kind, length: usize) -> Result<[u8; HEAD]> {
        let [a, b, c, d] = u32::try_from(length)?.to_le_bytes();
        Ok([a, b, c, d, kind as u8])
    }

    /// Replaces the content of a buffer by one frame with a JSON body.
    pub(super) fn json(buffer: &mut BytesMut, kind: Kind, value: &impl Serialize) -> Result<()> {
        buffer.clear();
        Self::append(buffer, kind, value)
    }

    /// Appends a frame with a JSON body to a buffer.
    pub(super) fn append(buffer: &mut BytesMut, kind: Kind, value: &impl Serialize) -> Result<()> {
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
pub(crate) struct Pair {
    pub(crate) a: i64,
    pub(crate) b: i64,
}

/// Checks in the host that a frame is the callback with this number.
pub(super) fn check_callback(frame: &Frame, number: u64) -> Result<()> {
    let came: u64 = serde_json::from_slice(&frame.body)?;
    ensure!(frame.kind == Kind::CallBack && came == number, "{came} came in place of {number}");
    Ok(())
}
