//! The stream on which replies to calls of services go to one process.
//!
//! A request for each reply is answered by the plugin, which costs both sides as much as the reply. On the
//! stream nothing is answered. So nobody knows which replies have arrived, and the last ones are kept, to
//! be sent as requests if the stream breaks: a reply that arrives twice is refused, and does no harm.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use bytes::Bytes;
use tokio::time::timeout;

use super::peer::CallbackPeer;
use crate::host::connection::{EXPECT_CONTINUE, ReplyStream};
use crate::http1::Request;
use crate::limits;
use crate::protocol::wire;

/// The replies to one process.
pub(super) struct Replies {
    peer: Arc<CallbackPeer>,
    host_id: Arc<str>,
    state: Mutex<State>,
}

struct State {
    stage: Stage,
    /// Wakes [`Replies::unconfirmed`].
    waker: Option<Waker>,
}

/// How far the stream has come.
enum Stage {
    /// This many replies could have been sent on a stream.
    None(u32),
    Opening,
    Open(Box<Open>),
    /// These replies may not have arrived.
    Broken(VecDeque<SentReply>),
    /// It was refused, or has broken.
    Over,
}

struct Open {
    stream: ReplyStream,
    /// The last replies. A plugin waits for no more of them at a time.
    last: VecDeque<SentReply>,
}

/// A reply, as it was sent on the stream.
pub(super) struct SentReply {
    pub(super) id: u64,
    pub(super) body: Bytes,
    pub(super) media_type: &'static str,
}

/// What became of a reply.
pub(super) enum Sent<'a> {
    /// It is on its way. The plugin counts this many requests on the connection.
    OnStream(u32),
    /// It has to be sent as a request.
    NotYet,
    /// As [`Sent::NotYet`], and then the stream is to be opened.
    Before(Opening<'a>),
}

/// The right to open the stream.
pub(super) struct Opening<'a>(Option<&'a Replies>);

impl Replies {
    pub(super) fn new(peer: Arc<CallbackPeer>, host_id: Arc<str>) -> Self {
        let state = Mutex::new(State { stage: Stage::None(0), waker: None });
        Self { peer, host_id, state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a reply that the plugin takes on a stream, if there is one.
    pub(super) fn send(&self, id: u64, body: &Bytes, media_type: &'static str) -> Sent<'_> {
        let event = match media_type {
            _ if body.len() > limits::STREAMED_REPLY => return Sent::NotYet,
            wire::JSON => wire::EVENT_REPLY,
            wire::PROBLEM => wire::EVENT_ERROR,
            _ => return Sent::NotYet,
        };
        let mut state = self.lock();
        match &mut state.stage {
            Stage::None(count) if *count < limits::REPLIES_BEFORE_STREAM => {
                *count += 1;
                Sent::NotYet
            }
            Stage::None(_) => {
                state.stage = Stage::Opening;
                Sent::Before(Opening(Some(self)))
            }
            Stage::Open(open) => {
                if let Some(requests) = open.stream.send(id, event, body) {
                    if open.last.len() == limits::SERVICE_CALLS {
                        open.last.pop_front();
                    }
                    open.last.push_back(SentReply { id, body: body.clone(), media_type });
                    return Sent::OnStream(requests);
                }
                let last = take(&mut open.last);
                state.stage = Stage::Broken(last);
                state.waker.take().map(Waker::wake).unwrap_or_default();
                Sent::NotYet
            }
            Stage::Opening | Stage::Broken(_) | Stage::Over => Sent::NotYet,
        }
    }

    /// Waits until the stream has broken, and gives the replies that may not have arrived. Cancel safe.
    pub(super) async fn unconfirmed(&self) -> VecDeque<SentReply> {
        poll_fn(|cx| {
            let mut state = self.lock();
            let last = match &mut state.stage {
                Stage::Broken(last) => Poll::Ready(take(last)),
                Stage::Open(open) => open.stream.poll_ended(cx).map(|()| take(&mut open.last)),
                _ => Poll::Pending,
            };
            if let Poll::Ready(last) = last {
                state.stage = Stage::Over;
                return Poll::Ready(last);
            }
            match &mut state.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                None => state.waker = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
        .await
    }
}

impl Opening<'_> {
    /// Opens the stream. If the plugin refuses it, there will be none.
    pub(super) async fn open(mut self) {
        let Some(replies) = self.0 else { return };
        let request = Request {
            content_type: Some(wire::EVENT_STREAM),
            headers: &[(wire::HEADER_HOST, &replies.host_id), EXPECT_CONTINUE],
            ..Request::new(wire::CALLBACK_REPLY, b"")
        };
        let within = limits::CONNECT_TIMEOUT;
        let opening = replies.peer.endpoint().open_replies(&request, within);
        let opened = timeout(within, opening).await;
        self.0 = None;
        let mut state = replies.lock();
        state.stage = match opened {
            Ok(Ok(Some(stream))) => Stage::Open(Box::new(Open { stream, last: VecDeque::new() })),
            Ok(Ok(None) | Err(_)) | Err(_) => Stage::Over,
        };
        // The stream is watched from now on.
        state.waker.take().map(Waker::wake).unwrap_or_default();
    }
}

impl Drop for Opening<'_> {
    /// The call whose task has opened the stream was taken back: another call may try again.
    fn drop(&mut self) {
        if let Some(replies) = self.0 {
            replies.lock().stage = Stage::None(0);
        }
    }
}
