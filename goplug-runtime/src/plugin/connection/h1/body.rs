//! Bodies of requests.

use std::io;

use bytes::Bytes;

use super::H1Connection;
use crate::http1::{Body, BodyLength, MAX_HEAD, ReadError, RequestHead};
use crate::plugin::connection::buffered_stream::{BufferedStream, Closed};
use crate::plugin::problems;
use crate::plugin::select::lazy_timeout;

/// How the body of a request arrives, and what follows it.
#[derive(Clone, Copy)]
pub(super) struct BodyInfo {
    length: BodyLength,
    /// Whether the peer sends the body only after an interim response.
    expects_continue: bool,
    /// Whether another request may follow.
    pub(super) keep_alive: bool,
}

impl BodyInfo {
    pub(super) fn of(head: &RequestHead<'_, '_>) -> Self {
        let RequestHead { length, expects_continue, keep_alive, .. } = *head;
        Self { length, expects_continue, keep_alive }
    }

    pub(super) fn length(self) -> BodyLength {
        self.length
    }
}

impl H1Connection<'_> {
    /// Takes a body that has arrived with its head, as most have. Otherwise
    /// [`read_body`](Self::read_body) reads it.
    #[inline]
    pub(super) fn take_body(&mut self, info: BodyInfo) -> Option<Bytes> {
        let BodyLength::Known(length) = info.length else { return None };
        let limit = self.handler.settings().body_limit;
        let length = usize::try_from(length).ok().filter(|length| *length <= limit)?;
        let body = Bytes::copy_from_slice(self.stream.incoming.filled().get(..length)?);
        self.stream.incoming.consume(length);
        Some(body)
    }

    /// Reads a body that has not arrived with its head. `None` if it was larger than the limit and
    /// its request has been answered.
    pub(super) async fn read_body(&mut self, info: BodyInfo) -> Result<Option<Bytes>, Closed> {
        let limit = self.handler.settings().body_limit;
        match info.length {
            BodyLength::Known(length) => match usize::try_from(length) {
                Ok(length) if length <= limit => self.read_sized(length, info).await.map(Some),
                _ => self.refuse_sized(length, info).await.map(|()| None),
            },
            BodyLength::Unknown => self.read_chunked(Body::chunked(limit), info).await.map(Some),
        }
    }

    /// Answers a request whose body is larger than the limit, and reads and drops the body: a host
    /// of the original GoPlug has one connection and exits when it is closed. The connection is
    /// closed nevertheless if the request asks for it, and if nobody knows whether the body comes.
    async fn refuse_sized(&mut self, length: u64, info: BodyInfo) -> Result<(), Closed> {
        let problem = problems::body_too_large(self.handler.settings().body_limit);
        if info.expects_continue || !info.keep_alive {
            return Err(self.refuse(&problem).await);
        }
        self.push_problem(&problem);
        self.flush().await?;
        let mut left = length;
        let mut takes = |available: usize| {
            let taken = available.min(usize::try_from(left).unwrap_or(usize::MAX));
            left -= taken as u64;
            (taken, left > 0)
        };
        let (taken, mut more) = takes(self.stream.incoming.filled().len());
        self.stream.incoming.consume(taken);
        let mut dropped = Vec::with_capacity(MAX_HEAD);
        while more {
            dropped.clear();
            let received = lazy_timeout(self.idle, self.stream.stream.receive(&mut dropped)).await;
            let Some(Ok(1..)) = received else { return Err(Closed) };
            let taken;
            (taken, more) = takes(dropped.len());
            // The next request may have come with the end of the body.
            self.stream.incoming.put(&dropped[taken..]);
        }
        Ok(())
    }

    /// Reads a body of known length. A large body is read directly into its own memory.
    async fn read_sized(&mut self, length: usize, info: BodyInfo) -> Result<Bytes, Closed> {
        let mut body = Vec::with_capacity(length);
        self.stream.incoming.move_to(&mut body, length);
        self.prepare_for_body(info).await?;
        while body.len() < length {
            let received = lazy_timeout(self.idle, self.stream.stream.receive(&mut body)).await;
            self.check_received(received).await?;
        }
        // The vector may have had room for more than was asked for.
        self.stream.incoming.put(&body[length..]);
        body.truncate(length);
        Ok(body.into())
    }

    async fn read_chunked(&mut self, mut body: Body, info: BodyInfo) -> Result<Bytes, Closed> {
        let mut prepared = false;
        loop {
            match body.take(&mut self.stream.incoming) {
                Ok(true) => return Ok(body.into_bytes()),
                Ok(false) => {}
                Err(ReadError::TooLarge) => {
                    let limit = self.handler.settings().body_limit;
                    return Err(self.refuse(&problems::body_too_large(limit)).await);
                }
                Err(ReadError::Broken(error)) => {
                    return Err(self.refuse(&problems::body_broken(error)).await);
                }
            }
            if !std::mem::replace(&mut prepared, true) {
                self.prepare_for_body(info).await?;
            }
            let BufferedStream { stream, incoming } = &mut self.stream;
            let received = lazy_timeout(self.idle, stream.receive(body.room(incoming)?)).await;
            self.check_received(received).await?;
        }
    }

    /// Writes what the peer may wait for before it sends the body: earlier responses, and the
    /// interim response `100 Continue`.
    pub(super) async fn prepare_for_body(&mut self, info: BodyInfo) -> Result<(), Closed> {
        if info.expects_continue {
            self.outbox.push_continue();
        }
        self.flush().await
    }

    /// Checks that a part of a body has arrived. `None` means that nothing came in time.
    async fn check_received(&mut self, received: Option<io::Result<usize>>) -> Result<(), Closed> {
        match received {
            Some(Ok(1..)) => Ok(()),
            Some(_) => Err(Closed),
            None => Err(self.refuse(&problems::body_stalled(self.idle)).await),
        }
    }
}
