//! A connection whose response goes on: the stream of a plugin's callbacks.
//!
//! The reader drives the connection, so that reading neither needs nor wakes another task.
//! Dropping the reader closes the connection.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::open::connect;
use crate::http1::{
    BodyProgress, BodyStream, Buffer, MAX_HEAD, Progress, Request, Response, ResponseReader,
    StreamHead, StreamedResponse,
};
use crate::transport::{BusyPoll, Stream};

/// The size of the read buffer, in bytes.
const BUFFER_SIZE: usize = 64 << 10;

/// A connection on which a plugin sends a stream.
pub(in crate::host) struct EventStream {
    stream: Stream,
    incoming: Buffer,
    busy_poll: BusyPoll,
    /// Polls once the method has ended that has called the last service. It helps if the next call comes
    /// at once, which says nothing about the services of one call.
    between_calls: BusyPoll,
    body: BodyStream,
    /// The length of the piece that was returned last; it is still in the buffer.
    returned: usize,
}

/// The response to a request for a stream.
pub(in crate::host) enum Opened<S> {
    /// The plugin sends a stream.
    Stream(S),
    /// The plugin sent an ordinary response, for example an error.
    Response(Response),
}

impl<S> Opened<S> {
    /// The same with another kind of stream.
    pub(super) fn map<T>(self, stream: impl FnOnce(S) -> T) -> Opened<T> {
        match self {
            Self::Stream(opened) => Opened::Stream(stream(opened)),
            Self::Response(response) => Opened::Response(response),
        }
    }
}

impl EventStream {
    /// Connects to a plugin's socket, sends a request and waits for the head of its response.
    /// A response that is not a stream is read to its end; its body may have at most `limit`
    /// bytes. [`Self::wait_busily`] polls for at most `busy_poll`.
    pub(super) async fn open(
        socket: &Path,
        timeout: Duration,
        request: &Request<'_>,
        authority: &[u8],
        limit: usize,
        busy_poll: Duration,
    ) -> io::Result<Opened<Self>> {
        let mut stream = connect(socket, timeout).await?;
        let mut head = Vec::new();
        let request_body = request.write_to(&mut head, authority);
        for part in [&head, request_body] {
            stream.write_all(part).await?;
        }
        let mut incoming = Buffer::with_capacity(BUFFER_SIZE);
        let mut reader = ResponseReader::new(limit);
        loop {
            match reader.take_stream(&mut incoming)? {
                StreamedResponse::Stream(StreamHead { body, .. }) => {
                    let [busy_poll, between_calls] = [(); 2].map(|()| BusyPoll::of_task(busy_poll));
                    return Ok(Opened::Stream(Self {
                        stream,
                        incoming,
                        busy_poll,
                        between_calls,
                        body,
                        returned: 0,
                    }));
                }
                StreamedResponse::Other(Progress::Complete(response)) => {
                    return Ok(Opened::Response(response));
                }
                StreamedResponse::Other(Progress::Interim(_)) => {}
                StreamedResponse::Other(Progress::More) => {
                    if stream.receive(reader.room(&mut incoming)?).await? == 0 {
                        return Ok(Opened::Response(reader.end()?));
                    }
                }
            }
        }
    }

    /// Whether [`Self::wait_busily`] may have an effect.
    pub(in crate::host) fn polls_busily(&self) -> bool {
        self.busy_poll.has_bound()
    }

    /// Polls the stream busily before [`Self::next_piece`] waits for it, if the plugin polls a connection
    /// of this host as well, which has carried so many requests. `is_within_call` says whether the method
    /// goes on that has called the last service. After its end, the stream is polled for what the next
    /// method calls, as long as that has helped lately. Cancel safe.
    pub(in crate::host) async fn wait_busily(
        &mut self,
        requests: u32,
        is_within_call: impl Fn() -> bool,
    ) {
        for busy_poll in [&mut self.busy_poll, &mut self.between_calls] {
            busy_poll.follow(requests);
        }
        if self.busy_poll.is_due()
            && let Ok(room) = self.incoming.room(MAX_HEAD)
            && !self.busy_poll.wait_in_turn(&self.stream, room, &is_within_call).await
            && !is_within_call()
            && self.between_calls.is_due()
        {
            self.between_calls.wait_in_turn(&self.stream, room, || true).await;
        }
    }

    /// The next piece of the stream; `None` at its end. Cancel safe.
    pub(in crate::host) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        self.incoming.consume(std::mem::take(&mut self.returned));
        loop {
            match self.body.next(&mut self.incoming)? {
                BodyProgress::Data(count) => {
                    self.returned = count;
                    break;
                }
                BodyProgress::End => return Ok(None),
                BodyProgress::More => {
                    let room = self.incoming.room(MAX_HEAD)?;
                    if self.stream.receive(room).await? == 0 {
                        return self.body.end().map(|()| None);
                    }
                }
            }
        }
        Ok(self.incoming.filled().get(..self.returned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::BodyLength;

    /// Whether each request is polled for, and not only some.
    fn is_always_due(busy_poll: &mut BusyPoll) -> bool {
        (0..1000).all(|requests| {
            busy_poll.follow(requests);
            busy_poll.is_due()
        })
    }

    #[tokio::test]
    async fn what_comes_no_more_after_a_method_is_no_sign_against_polling_within_one() {
        let (stream, _plugin) = Stream::pair().unwrap();
        let [busy_poll, between_calls] =
            [(); 2].map(|()| BusyPoll::of_task(Duration::from_micros(20)));
        let incoming = Buffer::with_capacity(BUFFER_SIZE);
        let body = BodyStream::of_request(BodyLength::Unknown);
        let mut stream =
            EventStream { stream, incoming, busy_poll, between_calls, body, returned: 0 };
        if !stream.polls_busily() {
            eprintln!("with one processor, nothing is polled");
            return;
        }

        stream.wait_busily(0, || false).await;
        assert!(is_always_due(&mut stream.busy_poll) && !is_always_due(&mut stream.between_calls));

        stream.wait_busily(0, || true).await;
        assert!(!is_always_due(&mut stream.busy_poll));
    }
}
