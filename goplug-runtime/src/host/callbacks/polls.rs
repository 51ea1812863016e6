//! Callbacks of the original GoPlug: a request that is held until there is one.
//!
//! Each name has a connection of its own with one request on it. When it is answered,
//! the next is sent at once, before the user's handler runs, since the plugin queues
//! only for a host that asks again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::batch::Batch;
use super::handler_loop::HandlerLoop;
use super::registrations::Callbacks;
use crate::host::instance::Instance;
use crate::http1::Request;
use crate::limits;
use crate::protocol::{legacy, wire};

/// A callback: its name, and what it carries.
type Arrival = (String, Bytes);

/// Receives the callbacks of a GoPlug 1 plugin, and runs the handlers side by side with that.
pub(super) async fn serve(
    instance: &Arc<Instance>,
    callbacks: &Callbacks,
    generation: u64,
    handler_loop: &mut HandlerLoop<'_>,
) {
    let (arrivals, mut queue) = mpsc::channel::<Arrival>(limits::CALLBACK_BACKLOG);
    let handlers = async {
        let mut batch = Batch::default();
        while let Some((name, data)) = queue.recv().await {
            batch.clear();
            let name = batch.name_of_raw(&name);
            batch.push(name, &data, None);
            handler_loop.handle(&batch).await;
        }
    };
    tokio::join!(receive(instance, callbacks, generation, arrivals), handlers);
}

/// Polls for each name that is registered, each on its own.
async fn receive(
    instance: &Arc<Instance>,
    callbacks: &Callbacks,
    generation: u64,
    arrivals: mpsc::Sender<Arrival>,
) {
    let mut wanted = callbacks.wanted.subscribe();
    let mut polls = BTreeMap::new();
    loop {
        let version = *wanted.borrow_and_update();
        let names = callbacks.names();
        polls.retain(|name, _| names.contains(name));
        for name in names {
            if let Entry::Vacant(place) = polls.entry(name) {
                let name = place.key().clone();
                place.insert(Poll::start(instance, &name, &arrivals).await);
            }
        }
        callbacks.confirm(generation, version, None);
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

/// The poll for one callback. Dropping it ends the poll and closes its connection.
struct Poll(JoinHandle<()>);

impl Poll {
    /// Begins to ask; returns once the first request is on its way.
    async fn start(instance: &Arc<Instance>, name: &str, arrivals: &mpsc::Sender<Arrival>) -> Self {
        let (asked, first_asked) = oneshot::channel();
        let task = tokio::spawn(ask_for_ever(
            Arc::clone(instance),
            name.to_owned(),
            arrivals.clone(),
            asked,
        ));
        // A poll that fails at once drops the sender; it goes on trying by itself.
        drop(first_asked.await);
        Self(task)
    }
}

impl Drop for Poll {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn ask_for_ever(
    instance: Arc<Instance>,
    name: String,
    arrivals: mpsc::Sender<Arrival>,
    asked: oneshot::Sender<()>,
) {
    let mut asked = Some(asked);
    let mut retry = limits::CALLBACK_RETRY_MIN;
    loop {
        match ask(&instance, &name, &arrivals, &mut asked).await {
            Ok(()) => return,
            Err(error) => {
                asked = None;
                tracing::debug!(target: "goplug::callbacks", callback = name, "poll: {error}");
            }
        }
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(limits::CALLBACK_RETRY_MAX);
    }
}

/// Asks on one connection until it breaks, or until nobody wants to know.
async fn ask(
    instance: &Instance,
    name: &str,
    arrivals: &mpsc::Sender<Arrival>,
    asked: &mut Option<oneshot::Sender<()>>,
) -> std::io::Result<()> {
    let endpoint = instance.endpoint();
    let mut connection = endpoint.connect().await?;
    let mut last: Option<Bytes> = None;
    let body = legacy::callback_name(name);
    loop {
        let request = Request {
            content_type: Some(wire::JSON),
            ..Request::new(wire::REGISTER_CALLBACK, body.as_bytes())
        };
        // The answer is the callback, whenever that comes.
        let deadline = Instant::now() + limits::MAX_DURATION;
        let mut answer = std::pin::pin!(endpoint.send_on(&mut connection, &request, deadline));
        let early = poll_once(answer.as_mut()).await;
        if let Some(asked) = asked.take() {
            // The other end went away: so will this task.
            let _ = asked.send(());
        }
        if let Some(data) = last.take()
            && arrivals.send((name.to_owned(), data)).await.is_err()
        {
            return Ok(());
        }
        let answer = match early {
            Some(answer) => answer,
            None => answer.await,
        };
        let answer = answer.map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        if answer.status != 200 {
            return Err(std::io::Error::other(format!("status {}", answer.status)));
        }
        last = Some(answer.body);
    }
}

/// Gives a future its first push: for a request, that sends it.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        task::Poll::Ready(match future.as_mut().poll(cx) {
            task::Poll::Ready(output) => Some(output),
            task::Poll::Pending => None,
        })
    })
    .await
}
