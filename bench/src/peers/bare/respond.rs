//! What the plugin process of a bare socket does with a request, without reading or writing.

use anyhow::Result;
use bytes::{Bytes, BytesMut};

use super::frame::{Frame, Kind, Pair};
use crate::vocabulary::Callbacks;
use crate::vocabulary::workload::CHUNK;

/// A batch of joined callbacks ends when it reaches this many bytes, as in goplug.
const BATCH: usize = 16 << 10;

/// The response to a request.
pub(super) enum Response {
    /// The response is in the buffer.
    Buffered,
    /// The response is in the buffer, and is to be sent after
    /// [`SLOW_CALL`](crate::vocabulary::workload::SLOW_CALL).
    Delayed,
    /// The response has this kind and this body.
    Bytes(Kind, Bytes),
    /// The response consists of this many chunks.
    Chunks(u64),
    /// There is no response yet.
    None,
    /// The response consists of callbacks.
    Callbacks(CallbackBatches),
}

/// The requested callbacks, in batches that are sent by one system call each.
pub(super) struct CallbackBatches {
    calls: Callbacks,
    next: u64,
}

impl CallbackBatches {
    /// Replaces the content of a buffer by the next batch. False if there are no more.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<bool> {
        buffer.clear();
        while self.next < self.calls.count {
            Frame::append(buffer, Kind::CallBack, &self.next)?;
            self.next += 1;
            if !self.calls.joined || buffer.len() >= BATCH {
                break;
            }
        }
        Ok(!buffer.is_empty())
    }
}

/// Carries out a request. A small response is put into the buffer.
pub(super) fn respond(request: Frame, buffer: &mut BytesMut) -> Result<Response> {
    match request.kind {
        Kind::Add => {
            let Pair { a, b } = serde_json::from_slice(&request.body)?;
            Frame::json(buffer, Kind::Add, &a.wrapping_add(b))?;
            Ok(Response::Buffered)
        }
        Kind::Echo => Ok(Response::Bytes(Kind::Echo, request.body)),
        Kind::Take => {
            Frame::json(buffer, Kind::Take, &request.body.len())?;
            Ok(Response::Buffered)
        }
        Kind::Slow => {
            Frame::json(buffer, Kind::Slow, &())?;
            Ok(Response::Delayed)
        }
        Kind::Chunk if request.body.is_empty() => {
            Frame::json(buffer, Kind::Chunk, &())?;
            Ok(Response::Buffered)
        }
        Kind::Chunk if request.body.len() == CHUNK => Ok(Response::None),
        Kind::Chunk => Ok(Response::Chunks(serde_json::from_slice(&request.body)?)),
        Kind::CallBack => {
            let calls = serde_json::from_slice(&request.body)?;
            Ok(Response::Callbacks(CallbackBatches { calls, next: 0 }))
        }
    }
}
