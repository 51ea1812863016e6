//! Streams of replies: a host sends its replies to calls of services as events of one body, which the
//! plugin reads as they come. Nothing is answered until the body ends.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::Bytes;

use super::H1Connection;
use super::body::BodyInfo;
use super::head::Expected;
use crate::http1::{BodyProgress, BodyStream};
use crate::plugin::callbacks::CallbackReply;
use crate::plugin::connection::buffered_stream::Closed;
use crate::plugin::headers::Headers;
use crate::plugin::problems::{body_broken, body_too_large};
use crate::plugin::response::ResponseGuard;
use crate::plugin::select::{Either, select, yield_to_ready_tasks};
use crate::protocol::event_stream::{Decoder, EventTooLarge};
use crate::protocol::wire;

/// Reads a stream of replies, as [`H1Connection::read_replies`] does.
pub(in crate::plugin) struct ReadReplies(pub(super) ReadFn);

type ReadFn = for<'a> fn(&'a mut H1Connection<'_>, Box<Headers>, BodyInfo) -> Reading<'a>;

type Reading<'a> = Pin<Box<dyn Future<Output = Result<(), Closed>> + Send + 'a>>;

/// For a plugin that calls services.
pub(in crate::plugin) const READ_REPLIES: ReadReplies =
    ReadReplies(|connection, headers, info| Box::pin(connection.read_replies(headers, info)));

impl H1Connection<'_> {
    /// Hands each reply to the call that waits for it, until the body ends.
    async fn read_replies(&mut self, headers: Box<Headers>, info: BodyInfo) -> Result<(), Closed> {
        let host = match headers.host_token() {
            Ok(host) => host,
            Err(problem) => return Err(self.refuse(&problem).await),
        };
        self.prepare_for_body(info).await?;
        let limit = self.handler.settings().body_limit;
        let (mut body, mut decoder) = (BodyStream::of_request(info.length()), Decoder::new(limit));
        loop {
            match body.next(&mut self.stream.incoming) {
                Ok(BodyProgress::Data(count)) => {
                    decoder.push(&self.stream.incoming.filled()[..count]);
                    self.stream.incoming.consume(count);
                    self.head_since = None;
                    if let Err(EventTooLarge { limit }) = self.take_replies(&mut decoder, host) {
                        return Err(self.refuse(&body_too_large(limit)).await);
                    }
                }
                Ok(BodyProgress::More) => self.receive_reply(host).await?,
                Ok(BodyProgress::End) => break,
                Err(error) => return Err(self.refuse(&body_broken(error)).await),
            }
        }
        let head = self.response_head(200, wire::OCTET_STREAM);
        self.outbox.push(head, Bytes::new(), ResponseGuard::default());
        Ok(())
    }

    /// Receives more of the stream, which is polled only while a reply is to be expected.
    async fn receive_reply(&mut self, host: Option<&str>) -> Result<(), Closed> {
        if self.busy_poll.is_due() && self.stream.incoming.filled().is_empty() {
            // The caller goes on with its reply, and may make the next call.
            yield_to_ready_tasks().await;
            let hub = self.handler.hub();
            let expected = poll_fn(|cx| hub.poll_expects_reply(host, cx));
            if let Either::Right(received) = select(expected, self.wait_for_more(None)).await {
                return if received? == 0 { Err(Closed) } else { Ok(()) };
            }
        }
        self.receive(Expected::Part).await
    }

    /// Hands over the replies that have arrived. One that nobody waits for is dropped: its caller has given
    /// up, or has had it before.
    fn take_replies(
        &mut self,
        decoder: &mut Decoder,
        host: Option<&str>,
    ) -> Result<(), EventTooLarge> {
        let handler = self.handler;
        let hand_over = |id, data: &[u8], kind: fn(Bytes) -> CallbackReply| {
            drop(handler.hub().reply(host, id, kind(Bytes::copy_from_slice(data))));
        };
        loop {
            if let Some((wire::EVENT_REPLY, _)) = decoder.expected() {
                decoder.take_expected(|id, data| {
                    self.busy_poll.count_request();
                    hand_over(id, data, CallbackReply::Value);
                });
            }
            let Some(event) = decoder.next_event()? else { return Ok(()) };
            let (Some(id), event, data) = (event.number, event.event, event.data) else { continue };
            self.busy_poll.count_request();
            match event {
                wire::EVENT_REPLY => hand_over(id, data, CallbackReply::Value),
                wire::EVENT_ERROR => hand_over(id, data, CallbackReply::Problem),
                // What is added later can be done without.
                _ => {}
            }
        }
    }
}
