//! Bodies that come part by part: the result of a call, and a plugin's callbacks.
//!
//! Nobody reads ahead of what hyper holds of a connection. Dropping a body resets its stream in HTTP/2, and
//! closes the connection in HTTP/1.1.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout};

use super::connections::{Checkout, Connections};
use super::incoming::{cut_off, look_at_trailers};
use super::pump::Pump;
use crate::host::connection::deadline_timer::DeadlineTimer;
use crate::host::connection::error::{SendError, Stage};
use crate::host::connection::local::LocalEndpoint;
use crate::host::connection::result_stream::BodySource;
use crate::limits;
use crate::typed::wait_until;

/// The result of a call of a remote plugin. Dropping it cancels the call.
pub(in crate::host) struct RemoteStream {
    body: Incoming,
    /// What is still to be sent of the request.
    pump: Option<Pump>,
    is_events: bool,
    timer: DeadlineTimer,
    waiting_since: Option<Instant>,
    checkout: Checkout,
    connections: Arc<Connections>,
}

/// The result of such a call whose caller blocks.
pub(in crate::host) struct BlockingRemoteStream(pub(super) RemoteStream);

impl RemoteStream {
    pub(super) fn new(
        body: Incoming,
        is_events: bool,
        pump: Option<Pump>,
        checkout: Checkout,
        connections: Arc<Connections>,
    ) -> Self {
        let (timer, waiting_since) = (DeadlineTimer::default(), None);
        Self { body, pump, is_events, timer, waiting_since, checkout, connections }
    }

    /// The next part, without a deadline.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, SendError>> {
        if let Some(pump) = &mut self.pump
            && let Poll::Ready(moved) = pump.poll(cx)
        {
            self.pump = None;
            moved?;
        }
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(None)),
                Some(Err(error)) => return Poll::Ready(Err(cut_off(&error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Poll::Ready(Ok(Some(data))),
                    Err(frame) => look_at_trailers(frame.trailers_ref())?,
                },
            }
        }
    }

    /// How long the plugin may be silent from now on.
    fn limit(&self, idle: Duration) -> Duration {
        let waits_for_item = self.pump.as_ref().is_some_and(Pump::waits_for_item);
        if waits_for_item { limits::MAX_DURATION } else { idle }
    }
}

impl BodySource for RemoteStream {
    const BLOCKS: bool = false;

    fn begin(&mut self) {}

    fn is_events(&self) -> bool {
        self.is_events
    }

    fn poll_part(
        &mut self,
        idle: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        if let Poll::Ready(part) = self.poll_next(cx) {
            self.waiting_since = None;
            return Poll::Ready(part);
        }
        let limit = self.limit(idle);
        if limit > idle {
            self.waiting_since = None;
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        ready!(self.timer.poll(cx, since + limit));
        Poll::Ready(Err(SendError::TimedOut(Stage::Sent)))
    }

    fn give_back(self, _: Option<&LocalEndpoint>) {
        if self.pump.is_none() {
            self.connections.put(self.checkout);
        }
    }
}

impl BodySource for BlockingRemoteStream {
    const BLOCKS: bool = true;

    fn begin(&mut self) {}

    fn is_events(&self) -> bool {
        self.0.is_events
    }

    /// Blocks, and is always ready.
    fn poll_part(
        &mut self,
        idle: Duration,
        _: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        let stream = &mut self.0;
        loop {
            let deadline = std::time::Instant::now() + idle;
            if let Some(part) = wait_until(poll_fn(|cx| stream.poll_next(cx)), deadline) {
                return Poll::Ready(part);
            }
            if stream.limit(idle) == idle {
                return Poll::Ready(Err(SendError::TimedOut(Stage::Sent)));
            }
        }
    }

    fn give_back(self, local: Option<&LocalEndpoint>) {
        self.0.give_back(local);
    }
}

/// The callbacks of a remote plugin.
pub(in crate::host) struct RemoteEvents {
    body: Incoming,
    piece: Bytes,
    _checkout: Checkout,
}

impl RemoteEvents {
    pub(super) fn new(body: Incoming, checkout: Checkout) -> Self {
        Self { body, piece: Bytes::new(), _checkout: checkout }
    }

    /// The next piece of the stream; `None` at its end. Cancel safe.
    ///
    /// # Errors
    /// [`ErrorKind::TimedOut`] if not even a heartbeat comes: what is between has forgotten the
    /// connection.
    pub(in crate::host::connection) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        let silent = |_| io::Error::new(ErrorKind::TimedOut, "no heartbeat has come");
        loop {
            let frame = poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx));
            let frame = timeout(limits::REMOTE_SILENCE, frame).await.map_err(silent)?;
            let Some(frame) = frame else { return Ok(None) };
            match frame.map_err(io::Error::other)?.into_data() {
                Ok(data) if !data.is_empty() => {
                    self.piece = data;
                    return Ok(Some(&self.piece));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
}
