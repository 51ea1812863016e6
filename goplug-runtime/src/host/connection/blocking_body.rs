//! Requests whose body is a stream, for callers that block.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::answer::Answer;
use super::blocking::BlockingConnection;
use super::error::{SendError, Stage};
use super::exchange::StreamingTimes;
use super::request_body::{RequestBody, Sent};
use crate::http1::{BodyStream, Request};
use crate::transport::BlockingStream;
use crate::transport::{Debuggee, HELD_WAIT};
use crate::typed::wait;

/// How long a request is sent without a look whether there is something to read. A look is a system call.
const LOOK_AFTER: Duration = Duration::from_millis(1);

impl BlockingConnection {
    /// Sends a request, and its body as the items come, and reads the response. That may come before
    /// everything was sent; then nothing more is sent here. After an error the connection cannot be
    /// used again.
    pub(super) fn exchange_body<A: Answer>(
        &mut self,
        request: &Request<'_>,
        body: &mut RequestBody,
        authority: &str,
        times: StreamingTimes,
    ) -> Result<A, SendError> {
        body.begin(self.begin_request(request, authority));
        let sent = match send(&mut self.stream, body, times.pause, self.debuggee) {
            Err(SendError::Broken(error)) if body.is_unsent() => {
                return Err(SendError::Unsent(error));
            }
            Ok(Sent::Interrupted) if body.is_unsent() => {
                let text = "the plugin has closed the connection";
                let error = io::Error::new(ErrorKind::ConnectionReset, text);
                return Err(SendError::Unsent(error));
            }
            Err(error @ (SendError::Items(_) | SendError::TimedOut(_))) => return Err(error),
            sent => sent,
        };
        // The plugin may have answered before it closed the connection.
        let answer = self.receive(Instant::now() + times.pause, &mut false);
        let answer = answer.map_err(|error| sent.err().unwrap_or(error))?;
        Ok(self.answered(answer, body.is_complete()))
    }

    /// Reads the next part of a streamed result as [`BlockingConnection::read_body`] does, and sends
    /// the rest of the request while there is nothing to read.
    pub(super) fn read_while_sending(
        &mut self,
        body: &mut BodyStream,
        request: &mut RequestBody,
        idle: Duration,
    ) -> Result<Option<Bytes>, SendError> {
        loop {
            if let Some(part) = self.received_part(body)? {
                return Ok(part);
            }
            match send(&mut self.stream, request, idle, self.debuggee) {
                // The plugin may say why it reads no more.
                Ok(Sent::All) | Err(SendError::Broken(_)) => return self.read_body(body, idle),
                Ok(Sent::Interrupted) => {
                    if let Some(part) = self.read_some(body, idle)? {
                        return Ok(part);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Sends until everything has been sent, or until there is something to read. The plugin may take
/// nothing for at most `pause`.
fn send(
    stream: &mut BlockingStream,
    body: &mut RequestBody,
    pause: Duration,
    debuggee: Debuggee,
) -> Result<Sent, SendError> {
    let (mut looked, mut was_held) = (None, false);
    loop {
        while let Some(parts) = body.rest() {
            let now = Instant::now();
            let looks = looked.is_none_or(|looked| now.duration_since(looked) >= LOOK_AFTER);
            if looks {
                looked = Some(now);
            }
            let pause = if was_held { HELD_WAIT } else { pause };
            match stream.write_unless_news(&parts, now + pause, looks) {
                Ok(None) => return Ok(Sent::Interrupted),
                Ok(Some(0)) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
                Ok(Some(count)) => {
                    was_held = false;
                    body.note_sent(count);
                }
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    if !debuggee.is_excused(&mut was_held) {
                        return Err(SendError::TimedOut(Stage::Sent));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        if body.is_sent() {
            return Ok(Sent::All);
        }
        wait(poll_fn(|cx| body.poll_chunk(cx)))?;
    }
}
