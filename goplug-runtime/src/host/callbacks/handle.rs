//! Running the handlers, one callback after the other.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::sync::mpsc;

use super::{Arrival, Callbacks};
use crate::error::Result;
use crate::host::service::Service;
use crate::protocol::{Problem, wire};
use crate::typed::Reply;

const HOST: HeaderName = HeaderName::from_static(wire::HEADER_HOST);

/// Runs the handlers, one callback after the other.
pub(super) async fn run(
    service: &Service,
    callbacks: &Callbacks,
    mut queue: mpsc::Receiver<Arrival>,
) {
    while let Some(arrival) = queue.recv().await {
        // Never closed; it is given back before the answer is sent.
        let turn = callbacks.turn.acquire().await;
        let mut answer = None;
        for handler in callbacks.handlers_of(&arrival.name) {
            let outcome = handler(arrival.event.clone()).await;
            if let Err(problem) = &outcome {
                tracing::warn!(
                    target: "goplug::callbacks",
                    callback = arrival.name, "the handler failed: {}", problem.detail
                );
            }
            answer.get_or_insert(outcome);
        }
        drop(turn);
        let (Some(id), Some(outcome)) = (arrival.answer_to, answer) else { continue };
        if let Err(error) = reply(service, callbacks, id, outcome).await {
            tracing::warn!(
                target: "goplug::callbacks",
                callback = arrival.name, "the answer did not reach the plugin: {error}"
            );
        }
    }
}

/// Sends a handler's answer to the plugin that waits for it.
async fn reply(
    service: &Service,
    callbacks: &Callbacks,
    id: u64,
    outcome: Result<Reply, Problem>,
) -> Result<()> {
    let (body, media_type) = match outcome {
        Ok(reply) => (reply.body, reply.media_type.as_str()),
        Err(problem) => (Bytes::from(problem.to_json()), wire::PROBLEM),
    };
    let path = format!("/{}/{id}", wire::CALLBACK_REPLY);
    let mut request = service.endpoint().request_to(&path, body);
    request.headers_mut().insert(HOST, callbacks.host.clone());
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    service.control(wire::CALLBACK_REPLY, request).await.map(drop)
}
