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

use tokio::time::sleep;

use super::link::Link;
use super::outbox::Outbox;
use crate::http1::{Fields, KnownHead, MAX_HEAD, Parsed, RequestHead, parse_request};
use crate::limits;
use crate::plugin::answer::{Answer, Content, Ticket};
use crate::plugin::callbacks::CallbackEvents;
use crate::plugin::race::{after_others, within};
use crate::plugin::request::{self, Headers};
use crate::plugin::service::Service;
use crate::protocol::{Problem, wire};
use crate::transport::BusyPoll;
use crate::typed::{Handler, Reply};

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

/// What a request asks for; its body is still to come.
enum Asked<'s> {
    /// A call, of a caller who names no impossible budget.
    Call(Call<'s>),
    /// Whatever else the protocol has an answer to.
    Other(String, Headers),
    /// Nothing that could be understood.
    Nothing(Problem),
}

/// A call: who answers it, and within what budget.
#[derive(Clone, Copy)]
struct Call<'s> {
    handler: &'s Handler,
    budget: Option<Duration>,
}

/// What lies at the beginning of what the peer has sent.
enum Found<'s> {
    /// Nothing, or the beginning of a head.
    Part,
    /// An ordinary request, and the length of its body.
    Request(Asked<'s>, usize),
    /// Something for hyper.
    Other,
}

/// A connection with ordinary requests.
pub(super) struct Ordinary<'s> {
    pub(super) link: Link,
    service: &'s Service,
    id: u64,
    /// The head of the last call, and the length of its body.
    known: KnownHead<(Call<'s>, usize)>,
    outbox: Outbox,
    /// How long the peer may pause within a request or while it is answered.
    idle: Duration,
    busy_poll: BusyPoll,
    /// Whether the peer takes requests back: see [`wire::HEADER_PIPELINE`].
    pipeline: bool,
    /// Whether it has been given some: then nothing is read any more.
    last: bool,
}

impl<'s> Ordinary<'s> {
    pub(super) fn new(link: Link, service: &'s Service, id: u64) -> Self {
        Self {
            link,
            service,
            id,
            known: KnownHead::default(),
            outbox: Outbox::default(),
            idle: service.peer_idle(),
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
                Found::Other => {
                    self.flush().await?;
                    return Ok(Next::Other);
                }
                Found::Request(Asked::Call(call), length) => {
                    let body = self.body(length).await?;
                    self.call(call, body).await?;
                }
                Found::Request(Asked::Other(path, headers), length) => {
                    let body = self.body(length).await?;
                    if let Some(events) = self.other(&path, &headers, body).await? {
                        self.flush().await?;
                        return Ok(Next::Events(events));
                    }
                }
                Found::Request(Asked::Nothing(problem), length) => {
                    self.body(length).await?;
                    self.push_problem(&problem, Ticket::default());
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
        if let Some(((call, length), size)) = self.known.find(self.link.incoming.filled()) {
            self.link.incoming.consume(size);
            return Found::Request(Asked::Call(call), length);
        }
        let mut fields = Fields::default();
        let head = match parse_request(self.link.incoming.filled(), &mut fields) {
            Parsed::Partial => return Found::Part,
            Parsed::Other => return Found::Other,
            Parsed::Ordinary(head) => head,
        };
        let Some((asked, length)) = self.understand(&head) else { return Found::Other };
        let size = head.size;
        self.pipeline |= head.pipeline;
        if let Some(bound) = head.busy_poll {
            self.busy_poll = BusyPoll::new(Duration::from_micros(bound));
        } else if let Asked::Call(call) = asked {
            self.known.keep(&self.link.incoming.filled()[..size], (call, length));
        }
        self.link.incoming.consume(size);
        Found::Request(asked, length)
    }

    /// What a request asks for, and how long its body is; `None` where that is too large.
    fn understand(&self, head: &RequestHead<'_, '_>) -> Option<(Asked<'s>, usize)> {
        let length = usize::try_from(head.length).ok();
        let length = length.filter(|length| *length <= self.service.body_limit())?;
        let method = wire::method_of_path(head.path);
        if let Some(handler) = method.as_deref().and_then(|name| self.service.handler(name)) {
            let asked = match request::budget(head.timeout) {
                Ok(budget) => Asked::Call(Call { handler, budget }),
                Err(problem) => Asked::Nothing(problem),
            };
            return Some((asked, length));
        }
        Some((Asked::Other(head.path.to_owned(), Headers::of(head.fields())), length))
    }

    /// Reads more of a head. What has been answered is written before: the peer may wait for
    /// it. Between two requests there is no hurry.
    async fn receive(&mut self) -> Result<(), Over> {
        self.flush().await?;
        let within_head = !self.link.incoming.filled().is_empty();
        let looks = self.busy_poll.is_due();
        if looks {
            after_others().await;
        }
        let room = self.link.incoming.room(MAX_HEAD)?;
        let count = if looks && let Some(read) = self.busy_poll.read(&self.link.stream, room) {
            read?
        } else if within_head {
            within(self.idle, self.link.stream.receive(room)).await.ok_or(Over)??
        } else {
            self.link.stream.receive(room).await?
        };
        if count == 0 { Err(Over) } else { Ok(()) }
    }

    /// Reads a body. A large one is read to where it stays.
    async fn body(&mut self, length: usize) -> Result<Bytes, Over> {
        if let Some(whole) = self.link.incoming.filled().get(..length) {
            let body = Bytes::copy_from_slice(whole);
            self.link.incoming.consume(length);
            return Ok(body);
        }
        let mut body = Vec::with_capacity(length);
        self.link.incoming.move_to(&mut body, length);
        self.flush().await?;
        while body.len() < length {
            match within(self.idle, self.link.stream.receive(&mut body)).await {
                Some(Ok(count)) if count > 0 => {}
                Some(_) => return Err(Over),
                None => return self.refuse(&request::paused(self.idle)).await,
            }
        }
        // There may have been room for more than was asked for.
        self.link.incoming.put(&body[length..]);
        body.truncate(length);
        Ok(body.into())
    }

    /// Says what is wrong with a request that has not come to its end: it is the last.
    async fn refuse<T>(&mut self, problem: &Problem) -> Result<T, Over> {
        self.push_problem(problem, Ticket::default());
        self.end().await
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
                self.outbox.push(200, media_type.as_str(), false, body, ticket);
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

    /// Answers what is no call; the answer may be a stream, of which the head is pushed.
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
        match content {
            Content::Whole(body) => {
                self.outbox.push(status, media_type, protocol, body, ticket);
                Ok(None)
            }
            Content::Callbacks(events) => {
                self.outbox.push_stream_head();
                Ok(Some(events))
            }
        }
    }

    fn push_problem(&mut self, problem: &Problem, ticket: Ticket) {
        let body = problem.to_json().into();
        self.outbox.push(problem.status(), wire::PROBLEM, false, body, ticket);
    }

    async fn flush(&mut self) -> Result<(), Over> {
        Ok(self.outbox.flush(&mut self.link, self.idle).await?)
    }

    /// Waits for an answer, and listens to the peer meanwhile: one that goes takes the answer
    /// with it. What takes longer is not waited for by requests that could go elsewhere.
    async fn attend<F: Future>(&mut self, answer: F) -> Result<F::Output, Over> {
        let mut answer = pin!(answer);
        let mut patience = self.pipeline.then(|| Box::pin(sleep(limits::PIPELINE_PATIENCE)));
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
