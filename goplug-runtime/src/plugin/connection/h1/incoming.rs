//! Requests whose body is a stream that the method reads while it runs.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use bytes::Bytes;

use super::body::BodyInfo;
use super::{H1Connection, Served};
use crate::http1::BodyStream;
use crate::plugin::callbacks::Hangup;
use crate::plugin::connection::buffered_stream::Closed;
use crate::plugin::connection::feed::{self, Feed, Stopped};
use crate::plugin::dispatch;
use crate::plugin::problems::{bad_request, body_too_large, no_event};
use crate::plugin::request_handler::Answer;
use crate::plugin::response::{Content, Response, ResponseGuard};
use crate::plugin::route::{CallSource, IncomingCall, MethodCall};
use crate::plugin::select::with_context;
use crate::protocol::Problem;
use crate::typed::{Call, IncomingError, InletReader, inlet};

/// Answers a call of a method that takes a stream, as [`H1Connection::answer_incoming`] does.
pub(in crate::plugin) struct AnswerIncoming(pub(super) AnswerFn);

type AnswerFn =
    for<'a> fn(&'a mut H1Connection<'_>, Box<IncomingCall<'a>>, BodyInfo) -> Answering<'a>;

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Option<Served>, Closed>> + Send + 'a>>;

/// For a plugin with streams.
pub(in crate::plugin) const ANSWER_INCOMING: AnswerIncoming =
    AnswerIncoming(|connection, call, info| Box::pin(connection.answer_incoming(*call, info)));

impl H1Connection<'_> {
    /// Answers a call of a method that takes a stream. It begins when its arguments are there.
    async fn answer_incoming(
        &mut self,
        request: IncomingCall<'_>,
        info: BodyInfo,
    ) -> Result<Option<Served>, Closed> {
        self.prepare_for_body(info).await?;
        feed::prepare(&mut self.stream.incoming);
        let (inlet, mut reader) = inlet(request.items, self.handler.settings().body_limit);
        let mut feed = Feed::new(BodyStream::of_request(info.length()), inlet, self.idle);
        let arguments = match request.arguments {
            Some(arguments) => arguments,
            None => self.first_event(&mut feed, &mut reader).await?,
        };
        let IncomingCall { call, source, .. } = request;
        let response = self.run((call, source), arguments, reader, &mut feed).await?;
        if matches!(response.content, Content::Result(_)) {
            return Ok(match self.push(response) {
                Some(Served::Result(result, _)) => {
                    Some(Served::Result(result, Some(Box::new(feed))))
                }
                served => served,
            });
        }
        let is_complete = feed.finish(&mut self.stream);
        self.last |= !is_complete;
        let served = self.push(response);
        if !is_complete {
            // The peer may still be sending, and has to see the response nevertheless.
            self.hang_up().await?;
            return Err(Closed);
        }
        Ok(served)
    }

    /// Reads until the arguments are there: the data of the first event, or none if that is an item.
    async fn first_event(
        &mut self,
        feed: &mut Feed,
        reader: &mut InletReader,
    ) -> Result<Bytes, Closed> {
        loop {
            let problem = match reader.arguments() {
                Ok(Some(arguments)) => return Ok(arguments),
                Ok(None) if feed.has_ended() => no_event(),
                Ok(None) => {
                    feed.read_part(&mut self.stream).await?;
                    continue;
                }
                Err(IncomingError::TooLarge { limit }) => body_too_large(limit),
                Err(error) => bad_request(error.to_string()),
            };
            return Err(self.refuse(&problem).await);
        }
    }

    /// Runs the method, and reads the body meanwhile.
    async fn run(
        &mut self,
        (method, source): (MethodCall<'_>, Option<Arc<CallSource>>),
        arguments: Bytes,
        reader: InletReader,
        feed: &mut Feed,
    ) -> Result<Response, Closed> {
        // The caller's budget is for what comes after its last item, or until a stream begins.
        let after_body = method.budget.filter(|_| !method.streams);
        if let Some(Duration::ZERO) = after_body {
            return Ok(refusal(&dispatch::budget_spent(Duration::ZERO)));
        }
        let budget = method.budget.filter(|_| method.streams);
        feed.limit_rest(after_body);
        let call = Call::new(arguments).reading(reader);
        let method = MethodCall { budget, ..method };
        let begin = |cx: &mut Context<'_>| self.handler.begin_method(method, call, source, cx);
        let pending = match with_context(begin).await {
            Answer::Ready(response) => return Ok(response),
            Answer::Pending(pending) => pending,
        };
        let mut response = pin!(self.handler.finish(pending, self.id));
        match feed.until(&mut self.stream, |cx| response.as_mut().poll(cx)).await {
            Ok(response) => response.map_err(|Hangup| Closed),
            Err(Stopped::PeerGone) => Err(Closed),
            Err(Stopped::Late(budget)) => Ok(refusal(&dispatch::budget_spent(budget))),
        }
    }
}

/// The answer to a call whose time is over.
fn refusal(problem: &Problem) -> Response {
    Response::problem(problem, ResponseGuard::default())
}
