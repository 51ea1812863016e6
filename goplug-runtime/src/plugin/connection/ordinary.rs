//! Ordinary requests: read, answered in their order, and written as many at a time as there
//! are.
//!
//! A call that is ready at once, as most are, costs no timer and nothing that waits. While one
//! takes longer, the peer is listened to: when it goes, the handler is dropped.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::asked::{Asked, Call, Coming};
use super::link::Link;
use super::outbox::Outbox;
use crate::http1::{
    Body, BodyLength, HeadCache, HeaderSlots, MAX_HEAD, ParsedRequest, ReadError, ResponseHead,
    parse_request,
};
use crate::limits;
use crate::plugin::answer::{Answer, Content, Ticket};
use crate::plugin::callbacks::CallbackEvents;
use crate::plugin::race::{after_others, within};
use crate::plugin::request::{self, Headers, bad_request};
use crate::plugin::service::Service;
use crate::protocol::{Problem, wire};
use crate::transport::BusyPoll;
use crate::typed::Reply;

/// Why no further request is answered.
pub(super) enum Next {
    /// The connection is at its end.
    End,
    /// A stream of callbacks comes first. Its head has been written.
    Events(CallbackEvents),
    /// The next one is of another kind.
    Other,
}

/// A connection that is over, whyever.
struct Over;

impl From<io::Error> for Over {
    /// What a peer does wrong ends its own connection, and is of no interest beyond.
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// What lies at the beginning of what the peer has sent.
enum Found<'s> {
    /// Nothing, or the beginning of a head.
    Part,
    /// An ordinary request, and how its body comes.
    Request(Asked<'s>, Coming),
    /// A head that is longer than a plugin reads.
    TooLong,
    /// Another request, or none.
    Other,
}

/// A connection with ordinary requests.
pub(super) struct Ordinary<'s> {
    pub(super) link: Link,
    service: &'s Service,
    id: u64,
    /// The head of the last call.
    known: HeadCache<(Call<'s>, Coming)>,
    outbox: Outbox,
    /// How long the peer may take over a head, and pause within a body or while it is answered.
    idle: Duration,
    /// Since when the head that is here in part has been coming in.
    head_since: Option<Instant>,
    busy_poll: BusyPoll,
    /// Whether the peer takes requests back: see [`wire::HEADER_PIPELINE`].
    pipeline: bool,
    /// Whether the request at hand is the last: it says so, or those behind it have been given
    /// back.
    last: bool,
}

impl<'s> Ordinary<'s> {
    pub(super) fn new(link: Link, service: &'s Service, id: u64) -> Self {
        Self {
            link,
            service,
            id,
            known: HeadCache::default(),
            outbox: Outbox::default(),
            idle: service.peer_idle(),
            head_since: None,
            busy_poll: BusyPoll::default(),
            pipeline: false,
            last: false,
        }
    }

    /// Answers ordinary requests for as long as they come.
    pub(super) async fn serve(&mut self) -> Next {
        self.serve_all().await.unwrap_or(Next::End)
    }

    async fn serve_all(&mut self) -> Result<Next, Over> {
        while !self.last {
            match self.next() {
                Found::Part => self.receive().await?,
                Found::TooLong => {
                    self.last = true;
                    let head = self.head(wire::STATUS_HEAD_TOO_LONG, wire::OCTET_STREAM);
                    self.outbox.push(head, Bytes::new(), Ticket::default());
                    return self.hang_up().await;
                }
                Found::Other => {
                    self.flush().await?;
                    return Ok(Next::Other);
                }
                Found::Request(asked, coming) => {
                    self.last = !coming.keep_alive;
                    let body = self.body(coming).await?;
                    if let Some(events) = self.answer(asked, body).await? {
                        self.flush().await?;
                        return Ok(Next::Events(events));
                    }
                }
            }
            if self.outbox.is_full() {
                self.flush().await?;
            }
        }
        self.end().await
    }

    /// Takes the next head, if it is there.
    fn next(&mut self) -> Found<'s> {
        let filled = self.link.incoming.filled();
        if let Some(((call, coming), size)) = self.known.find(filled) {
            self.link.incoming.consume(size);
            self.head_since = None;
            return Found::Request(Asked::Call(call), coming);
        }
        // What is nothing yet, or goes on as the last one did, is not worth a closer look.
        if filled.is_empty() || self.known.begins_with(filled) {
            return Found::Part;
        }
        let mut fields = HeaderSlots::default();
        let head = match parse_request(self.link.incoming.filled(), &mut fields) {
            ParsedRequest::Partial => return Found::Part,
            ParsedRequest::TooLong => return Found::TooLong,
            ParsedRequest::Unsupported => return Found::Other,
            ParsedRequest::Complete(head) => head,
        };
        let (asked, coming) = (Asked::of(&head, self.service), Coming::of(&head));
        let size = head.size;
        self.pipeline |= head.pipeline;
        if let Some(bound) = head.busy_poll {
            self.busy_poll = BusyPoll::new(Duration::from_micros(bound));
        } else if let Asked::Call(call) = asked {
            self.known.keep(&self.link.incoming.filled()[..size], (call, coming));
        }
        self.link.incoming.consume(size);
        self.head_since = None;
        Found::Request(asked, coming)
    }

    /// Reads more of a head. What has been answered is written before: the peer may wait for
    /// it. Between two requests there is no hurry.
    async fn receive(&mut self) -> Result<(), Over> {
        self.flush().await?;
        let within_head = !self.link.incoming.filled().is_empty();
        let since = within_head.then(|| *self.head_since.get_or_insert_with(Instant::now));
        let looks = self.busy_poll.is_due();
        if looks {
            after_others().await;
        }
        let room = self.link.incoming.room(MAX_HEAD)?;
        let count = if looks && let Some(read) = self.busy_poll.read(&self.link.stream, room) {
            read?
        } else if let Some(since) = since {
            let left = self.idle.saturating_sub(since.elapsed());
            within(left, self.link.stream.receive(room)).await.ok_or(Over)??
        } else {
            self.link.stream.receive(room).await?
        };
        if count == 0 { Err(Over) } else { Ok(()) }
    }

    /// Reads a body. Mostly it is here already.
    async fn body(&mut self, coming: Coming) -> Result<Bytes, Over> {
        let limit = self.service.body_limit();
        match coming.length {
            BodyLength::Known(length) => match usize::try_from(length) {
                Ok(length) if length <= limit => self.whole_body(length, coming).await,
                _ => self.refuse(&request::too_large(limit)).await,
            },
            BodyLength::Unknown => self.chunked_body(Body::chunked(limit), coming).await,
        }
    }

    /// Reads a body of this length. A large one is read to where it stays.
    async fn whole_body(&mut self, length: usize, coming: Coming) -> Result<Bytes, Over> {
        if let Some(whole) = self.link.incoming.filled().get(..length) {
            let body = Bytes::copy_from_slice(whole);
            self.link.incoming.consume(length);
            return Ok(body);
        }
        let mut body = Vec::with_capacity(length);
        self.link.incoming.move_to(&mut body, length);
        self.wait_for_body(coming).await?;
        while body.len() < length {
            let received = within(self.idle, self.link.stream.receive(&mut body)).await;
            self.check_part(received).await?;
        }
        // There may have been room for more than was asked for.
        self.link.incoming.put(&body[length..]);
        body.truncate(length);
        Ok(body.into())
    }

    async fn chunked_body(&mut self, mut body: Body, coming: Coming) -> Result<Bytes, Over> {
        let mut waits = false;
        loop {
            match body.take(&mut self.link.incoming) {
                Ok(true) => return Ok(body.into_bytes()),
                Ok(false) => {}
                Err(ReadError::TooLarge) => {
                    return self.refuse(&request::too_large(self.service.body_limit())).await;
                }
                Err(ReadError::Broken(error)) => {
                    let problem = bad_request(format!("the body broke off: {error}"));
                    return self.refuse(&problem).await;
                }
            }
            if !std::mem::replace(&mut waits, true) {
                self.wait_for_body(coming).await?;
            }
            let Link { stream, incoming } = &mut self.link;
            let received = within(self.idle, stream.receive(body.room(incoming)?)).await;
            self.check_part(received).await?;
        }
    }

    /// Before a body is waited for: the peer may wait for what has been answered, or to be told
    /// to go on.
    async fn wait_for_body(&mut self, coming: Coming) -> Result<(), Over> {
        if coming.expects_continue {
            self.outbox.push_continue();
        }
        self.flush().await
    }

    /// Whether a part of a body has come, in time.
    async fn check_part(&mut self, received: Option<io::Result<usize>>) -> Result<(), Over> {
        match received {
            Some(Ok(1..)) => Ok(()),
            Some(_) => Err(Over),
            None => self.refuse(&request::paused(self.idle)).await,
        }
    }

    /// Says what is wrong with a request that has not come to its end: it is the last.
    async fn refuse<T>(&mut self, problem: &Problem) -> Result<T, Over> {
        self.last = true;
        self.push_problem(problem, Ticket::default());
        self.hang_up().await
    }

    /// Ends the connection once the peer has had what it is told.
    async fn hang_up<T>(&mut self) -> Result<T, Over> {
        self.flush().await?;
        // Who sends twice what is allowed will not listen.
        self.link.linger(self.service.body_limit().saturating_mul(2), self.idle).await;
        Err(Over)
    }

    /// Refuses what is no ordinary request.
    #[cfg(not(feature = "hyper"))]
    pub(super) async fn refuse_head(&mut self) {
        let problem = bad_request("not a request by HTTP/1.1 that a plugin knows how to answer");
        // That is the end of it either way.
        let _ = self.refuse::<()>(&problem).await;
    }

    /// Answers what has come as a whole; the answer may be a stream, of which the head is
    /// pushed.
    async fn answer(
        &mut self,
        asked: Asked<'_>,
        body: Bytes,
    ) -> Result<Option<CallbackEvents>, Over> {
        match asked {
            Asked::Call(call) => self.call(call, body).await?,
            Asked::Other(path, headers) => return self.other(&path, &headers, body).await,
            Asked::Nothing(problem) => self.push_problem(&problem, Ticket::default()),
        }
        Ok(None)
    }

    async fn call(&mut self, call: Call<'_>, body: Bytes) -> Result<(), Over> {
        let Call { handler, budget } = call;
        let ticket = match self.service.enter() {
            Ok(in_flight) => Ticket::from(in_flight),
            Err(problem) => {
                self.push_problem(&problem, Ticket::default());
                return Ok(());
            }
        };
        let service = self.service;
        let answered = match service.begin(handler, budget, body).await {
            Ok(answered) => answered,
            Err(running) => {
                self.flush().await?;
                self.attend(service.finish(running, budget)).await?
            }
        };
        match answered {
            Ok(Reply { body, media_type }) => {
                self.outbox.push(self.head(200, media_type.as_str()), body, ticket);
            }
            Err(problem) => self.push_problem(&problem, ticket),
        }
        Ok(())
    }

    /// Writes what is to be written, and nothing further is read.
    async fn end<T>(&mut self) -> Result<T, Over> {
        self.flush().await?;
        Err(Over)
    }

    /// Answers what is no call.
    async fn other(
        &mut self,
        path: &str,
        headers: &Headers,
        body: Bytes,
    ) -> Result<Option<CallbackEvents>, Over> {
        let (service, id) = (self.service, self.id);
        self.flush().await?;
        let answer = self.attend(service.answer(path, headers, body, id)).await?;
        let Answer { status, media_type, protocol, content, ticket } = answer.map_err(|_| Over)?;
        let head = ResponseHead { protocol, ..self.head(status, media_type) };
        match content {
            Content::Whole(body) => {
                self.outbox.push(head, body, ticket);
                Ok(None)
            }
            Content::Callbacks(events) => {
                self.outbox.push_stream(head);
                Ok(Some(events))
            }
        }
    }

    /// What an answer without a body says to the request at hand.
    fn head<'a>(&self, status: u16, media_type: &'a str) -> ResponseHead<'a> {
        let (protocol, length, close) = (false, BodyLength::Known(0), self.last);
        ResponseHead { status, media_type, protocol, length, close }
    }

    fn push_problem(&mut self, problem: &Problem, ticket: Ticket) {
        let head = self.head(problem.status(), wire::PROBLEM);
        self.outbox.push(head, problem.to_json().into(), ticket);
    }

    async fn flush(&mut self) -> Result<(), Over> {
        Ok(self.outbox.flush(&mut self.link, self.idle).await?)
    }

    /// Waits for an answer, and listens to the peer meanwhile: one that goes takes the answer
    /// with it. What takes longer is not waited for by requests that could go elsewhere.
    async fn attend<F: Future>(&mut self, answer: F) -> Result<F::Output, Over> {
        let mut answer = pin!(answer);
        let mut patience = self.pipeline.then(|| Box::pin(sleep(limits::PIPELINE_STALL)));
        let mut glance = None;
        loop {
            let attended = poll_fn(|cx| {
                if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                    return Poll::Ready(Ok(Some(answer)));
                }
                if self.link.poll_gone(cx, &mut glance).is_ready() {
                    return Poll::Ready(Err(Over));
                }
                match &mut patience {
                    Some(patience) => patience.as_mut().poll(cx).map(|()| Ok(None)),
                    None => Poll::Pending,
                }
            });
            if let Some(answer) = attended.await? {
                return Ok(answer);
            }
            (patience, self.last) = (None, true);
            self.outbox.push_given_back();
            self.flush().await?;
        }
    }
}
