//! Running the handlers, one callback after the other.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Arrival, Callbacks};
use crate::error::Result;
use crate::host::service::Service;
use crate::http1::Request;
use crate::protocol::{Problem, wire};
use crate::typed::Reply;

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
    let request = Request {
        below: &format!("/{id}"),
        content_type: Some(media_type),
        fields: &[(wire::HEADER_HOST, callbacks.host.to_str().unwrap_or_default())],
        ..Request::new(wire::CALLBACK_REPLY, body)
    };
    service.control(&request).await.map(drop)
}
