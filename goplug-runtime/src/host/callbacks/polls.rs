//! Callbacks of the original GoPlug: the host sends a request, and the plugin holds its response
//! back until there is a callback (long polling).
//!
//! Each name has a connection of its own with one request at a time. Once a response has come,
//! the next request is sent at once, before the handler runs, since the plugin queues callbacks
//! only for a host that has a request waiting.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use super::batch::Batch;
use super::handler_loop::HandlerLoop;
use super::peer::CallbackPeer;
use super::registrations::Callbacks;
use crate::host::task::OwnedTask;
use crate::http1::Request;
use crate::limits;
use crate::panic::contained;
use crate::protocol::{legacy, wire};

/// One callback.
struct Callback {
    name: String,
    data: Bytes,
    /// Its part of what may be read ahead. Dropped once it has been handled.
    _room: OwnedSemaphorePermit,
}

/// Where the callbacks wait for their handlers.
#[derive(Clone)]
struct Queue {
    sender: mpsc::Sender<Callback>,
    /// One permit for each byte that may wait.
    room: Arc<Semaphore>,
}

impl Queue {
    /// Queues a callback, once there is room for it; false if nobody takes callbacks any more.
    async fn send(&self, name: &str, data: Bytes) -> bool {
        let bytes = data.len().min(limits::CALLBACK_BACKLOG_BYTES);
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&self.room).acquire_many_owned(permits).await else {
            return false;
        };
        self.sender.send(Callback { name: name.to_owned(), data, _room: room }).await.is_ok()
    }
}

/// Receives the callbacks of a GoPlug 1 plugin and runs their handlers, side by side.
pub(super) async fn serve(
    peer: &Arc<CallbackPeer>,
    callbacks: &Callbacks,
    generation: u64,
    handler_loop: &mut HandlerLoop<'_>,
) {
    let (sender, mut received) = mpsc::channel::<Callback>(limits::CALLBACK_BACKLOG);
    let room = Arc::new(Semaphore::new(limits::CALLBACK_BACKLOG_BYTES));
    let queue = Queue { sender, room };
    let handlers = async {
        let mut batch = Batch::default();
        while let Some(Callback { name, data, _room }) = received.recv().await {
            batch.clear();
            let name = batch.intern_raw(&name);
            batch.push(name, &data, None, None);
            handler_loop.handle(&batch).await;
        }
    };
    tokio::join!(poll_all(peer, callbacks, generation, queue), handlers);
}

/// Keeps one poll for each name that has handlers.
async fn poll_all(peer: &Arc<CallbackPeer>, callbacks: &Callbacks, generation: u64, queue: Queue) {
    let mut names_version = callbacks.names_version.subscribe();
    let mut polls = BTreeMap::new();
    loop {
        let version = *names_version.borrow_and_update();
        let attempt = callbacks.begin_attempt(generation, version);
        let names = callbacks.names();
        polls.retain(|name, _| names.contains(name));
        for name in names {
            if let Entry::Vacant(entry) = polls.entry(name) {
                let name = entry.key().clone();
                entry.insert(start_poll(peer, &name, &queue).await);
            }
        }
        callbacks.succeed(attempt);
        if names_version.changed().await.is_err() {
            return;
        }
    }
}

/// Starts the poll for one name; returns once its first request was sent. Dropping the task ends
/// the poll and closes its connection.
async fn start_poll(peer: &Arc<CallbackPeer>, name: &str, queue: &Queue) -> OwnedTask {
    let (sent, first_sent) = oneshot::channel();
    let task =
        OwnedTask::spawn(poll_with_retries(Arc::clone(peer), name.to_owned(), queue.clone(), sent));
    // A poll that fails at once drops the sender, and goes on trying by itself.
    drop(first_sent.await);
    task
}

/// Polls for one name, with a new connection whenever one breaks, until the queue is closed.
async fn poll_with_retries(
    peer: Arc<CallbackPeer>,
    name: String,
    queue: Queue,
    first_sent: oneshot::Sender<()>,
) {
    let mut first_sent = Some(first_sent);
    let mut retry = limits::CALLBACK_RETRY_MIN;
    loop {
        match poll(&peer, &name, &queue, &mut first_sent).await {
            Ok(()) => return,
            Err(error) => {
                first_sent = None;
                contained(
                    || tracing::debug!(target: "goplug::callbacks", callback = name, "poll: {error}"),
                );
            }
        }
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
    }
}

/// Polls on one connection, until the queue is closed.
///
/// # Errors
/// The connection broke, or a response was not a callback.
async fn poll(
    peer: &CallbackPeer,
    name: &str,
    queue: &Queue,
    first_sent: &mut Option<oneshot::Sender<()>>,
) -> std::io::Result<()> {
    let endpoint = peer.endpoint();
    let mut connection = endpoint.connect().await?;
    let mut last: Option<Bytes> = None;
    let body = legacy::callback_name(name);
    loop {
        let request = Request {
            content_type: Some(wire::JSON),
            ..Request::new(wire::REGISTER_CALLBACK, body.as_bytes())
        };
        // The response is the callback, which may come at any time.
        let deadline = Instant::now() + limits::MAX_DURATION;
        let mut response = pin!(endpoint.send_on(&mut connection, &request, deadline));
        // The first poll of the future sends the request.
        let early = poll_once(response.as_mut()).await;
        if let Some(first_sent) = first_sent.take() {
            // If the receiver is gone, this task is about to be aborted.
            let _ = first_sent.send(());
        }
        if let Some(data) = last.take()
            && !queue.send(name, data).await
        {
            return Ok(());
        }
        let response = match early {
            Some(response) => response,
            None => response.await,
        };
        let response = response.map_err(|error| std::io::Error::other(error.to_string()))?;
        if response.status != 200 {
            return Err(std::io::Error::other(format!("status {}", response.status)));
        }
        last = Some(response.body);
    }
}

/// Polls a future once; `None` if it is not ready.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
