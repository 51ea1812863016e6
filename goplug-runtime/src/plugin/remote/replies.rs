//! Streams of replies: a host sends its replies to calls of services as events of one body, which are read
//! as they come. Nothing is answered until the body ends.

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::plugin::callbacks::CallbackReply;
use crate::plugin::headers::Headers;
use crate::plugin::problems::{body_broken, body_too_large, no_reply_stream};
use crate::plugin::request_handler::RequestHandler;
use crate::protocol::event_stream::{Decoder, EventTooLarge};
use crate::protocol::{Problem, wire};

/// Hands each reply to the call that waits for it, until the body ends.
///
/// # Errors
/// The problem that the request is answered with.
pub(super) async fn read(
    handler: &RequestHandler,
    headers: &Headers,
    mut body: Incoming,
) -> Result<(), Problem> {
    let host = headers.host_token()?;
    let hub = handler.hub();
    if !hub.reads_replies() {
        return Err(no_reply_stream());
    }
    let mut decoder = Decoder::new(handler.settings().body_limit);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(body_broken)?;
        let Some(data) = frame.data_ref() else { continue };
        decoder.push(data);
        loop {
            let event = decoder.next_event();
            let event = event.map_err(|EventTooLarge { limit }| body_too_large(limit))?;
            let Some(event) = event else { break };
            let Some(id) = event.number else { continue };
            let data = || Bytes::copy_from_slice(event.data);
            let reply = match event.event {
                wire::EVENT_REPLY => CallbackReply::Value(data()),
                wire::EVENT_ERROR => CallbackReply::Problem(data()),
                // What is added later can be done without.
                _ => continue,
            };
            // A reply that nobody waits for is dropped: its caller has given up, or has had it before.
            drop(hub.reply(host, id, reply));
        }
    }
    Ok(())
}
