//! Calls of methods that take a stream.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;

use super::body::RemoteBody;
use super::feed::Feed;
use crate::plugin::callbacks::Hangup;
use crate::plugin::dispatch::budget_spent;
use crate::plugin::request_handler::{Answer, RequestHandler};
use crate::plugin::response::{Content, Response as PluginResponse, ResponseGuard};
use crate::plugin::route::{IncomingCall, MethodCall};
use crate::plugin::select::{Either, with_context};
use crate::protocol::Problem;
use crate::typed::{Call, inlet};

/// Answers such a call, and reads its body meanwhile. It begins when its arguments are there.
pub(super) async fn answer(
    handler: &RequestHandler,
    request: IncomingCall<'_>,
    body: Incoming,
    connection: u64,
) -> Result<Response<RemoteBody>, Hangup> {
    let IncomingCall { call: method, items, arguments, source } = request;
    let settings = handler.settings();
    let (inlet, mut reader) = inlet(items, settings.body_limit);
    let mut feed = Feed::new(body, inlet);
    let arguments = match arguments {
        Some(arguments) => arguments,
        None => match feed.first_event(&mut reader, settings.peer_idle).await {
            Ok(arguments) => arguments,
            Err(problem) => return Ok(refusal(&problem)),
        },
    };
    // The caller's budget is for what comes after its last item, or until a stream begins.
    let after_body = method.budget.filter(|_| !method.streams);
    if let Some(Duration::ZERO) = after_body {
        return Ok(refusal(&budget_spent(Duration::ZERO)));
    }
    feed.limit_rest(after_body);
    let method = MethodCall { budget: method.budget.filter(|_| method.streams), ..method };
    let call = Call::new(arguments).reading(reader);
    let pending = match with_context(|cx| handler.begin_method(method, call, source, cx)).await {
        Answer::Ready(response) => return Ok(RemoteBody::response(response)),
        Answer::Pending(pending) => pending,
    };
    let mut response = pin!(handler.finish(pending, connection));
    let outcome = poll_fn(|cx| match response.as_mut().poll(cx) {
        Poll::Ready(response) => Poll::Ready(Either::Left(response)),
        Poll::Pending => feed.poll(cx).map(Either::Right),
    });
    match outcome.await {
        Either::Left(response) => response.map(|response| {
            let reads_on = matches!(response.content, Content::Result(_));
            let response = RemoteBody::response(response);
            if reads_on { response.map(|body| body.reading(feed)) } else { response }
        }),
        Either::Right(budget) => Ok(refusal(&budget_spent(budget))),
    }
}

fn refusal(problem: &Problem) -> Response<RemoteBody> {
    RemoteBody::response(PluginResponse::problem(problem, ResponseGuard::default()))
}
