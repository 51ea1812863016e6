//! The body of a request that a method reads while it runs.
//!
//! A part is read whenever the method has room for it: while the method is waited for, and while its result
//! is written. Both happen in the task of the request, so nothing is spawned.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use tokio::time::{Sleep, sleep};

use crate::plugin::problems::{bad_request, body_stalled, body_too_large, no_event};
use crate::plugin::select::lazy_timeout;
use crate::protocol::{Problem, wire};
use crate::typed::{IncomingError, Inlet, InletReader};

/// The body of a request, on its way to the method.
pub(super) struct Feed {
    /// `None` once nothing more is read.
    body: Option<Incoming>,
    inlet: Inlet,
    /// How long the method may take once its body has been read.
    budget: Option<Duration>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Feed {
    pub(super) fn new(body: Incoming, inlet: Inlet) -> Self {
        Self { body: Some(body), inlet, budget: None, deadline: None }
    }

    /// Limits the time that the method may take once its body has been read.
    pub(super) fn limit_rest(&mut self, budget: Option<Duration>) {
        self.budget = budget;
    }

    /// Reads the body as the method takes it. Ready with the budget once that is spent.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        while self.body.is_some() {
            ready!(self.inlet.poll_room(cx));
            ready!(self.poll_part(cx));
        }
        let Some(budget) = self.budget else { return Poll::Pending };
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(budget)));
        deadline.as_mut().poll(cx).map(|()| budget)
    }

    /// Reads until the arguments are there: the data of the first event, or none if that is an item.
    ///
    /// # Errors
    /// The problem that the call is answered with.
    pub(super) async fn first_event(
        &mut self,
        reader: &mut InletReader,
        idle: Duration,
    ) -> Result<bytes::Bytes, Problem> {
        loop {
            match reader.arguments() {
                Ok(Some(arguments)) => return Ok(arguments),
                Ok(None) if self.body.is_none() => return Err(no_event()),
                Ok(None) => {}
                Err(IncomingError::TooLarge { limit }) => return Err(body_too_large(limit)),
                Err(error) => return Err(bad_request(error.to_string())),
            }
            let part = poll_fn(|cx| self.poll_part(cx));
            lazy_timeout(idle, part).await.ok_or_else(|| body_stalled(idle))?;
        }
    }

    /// Hands over a part for which there is room, or the end of the body.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(body) = &mut self.body else { return Poll::Ready(()) };
        let end = match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => return Poll::Ready(()),
                Ok(data) => {
                    self.inlet.push(data);
                    return Poll::Ready(());
                }
                // What is added to trailers later can be done without.
                Err(frame) => {
                    match frame.trailers_ref().and_then(|it| it.get(wire::HEADER_ERROR)) {
                        Some(problem) => Err(IncomingError::of_sender(problem.as_bytes())),
                        None => return Poll::Ready(()),
                    }
                }
            },
            Some(Err(error)) => Err(IncomingError::cut_off(format!("its body broke off: {error}"))),
            None => Ok(()),
        };
        self.body = None;
        self.inlet.end(end);
        Poll::Ready(())
    }
}
