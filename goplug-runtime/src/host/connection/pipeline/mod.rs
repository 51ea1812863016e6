//! HTTP pipelining: a connection with several calls in flight, one behind the other.
//!
//! A task that the pipeline owns writes the requests of concurrent calls together and reads
//! their responses together. That costs far less than a connection for each call. The plugin
//! responds in order, so a slow call would hold up the calls behind it. It does not: after
//! [`limits::PIPELINE_STALL`] the plugin gives those calls back without beginning them, and they
//! are sent on other connections.

mod driver;
mod latency_class;
mod pool;

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::sync::oneshot;
use tokio::time::Instant;

use self::driver::Driver;
pub(in crate::host) use self::latency_class::LatencyClass;
pub(super) use self::pool::{Pipelines, Selection};
use crate::host::connection::error::SendError;
use crate::host::task::OwnedTask;
use crate::http1::{FLATTEN_LIMIT, Request, Response};
use crate::limits;
use crate::transport::Debuggee;
use crate::transport::Stream;

/// What has become of a call on a pipeline.
#[derive(Debug)]
pub(in crate::host) enum PipelineOutcome {
    /// The plugin has responded.
    Answered {
        response: Response,
        /// Whether the call took so long that the calls behind it were given back.
        stalled: bool,
    },
    /// No pipeline takes the call: it was not sent.
    NoRoom,
    /// The plugin gave the call back without beginning it: it can be sent again.
    GivenBack,
    /// There will be no response.
    Failed(SendError),
}

/// A connection that calls share.
pub(super) struct Pipeline {
    shared: Arc<Shared>,
    _driver: OwnedTask,
}

struct Shared(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// Requests that are to be written.
    outgoing: Vec<u8>,
    /// The calls in flight, in the order of their responses.
    pending: VecDeque<PendingCall>,
    /// No deadline of a pending call is earlier.
    earliest_deadline: Option<Instant>,
    /// How many bytes of requests have been queued, over all.
    enqueued: u64,
    /// Wakes the driver if it waits.
    driver: Option<Waker>,
    /// The pipeline takes no further calls.
    closed: bool,
}

struct PendingCall {
    outcome: oneshot::Sender<PipelineOutcome>,
    deadline: Instant,
    /// Where its request ends, in bytes of all requests.
    end: u64,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pipeline {
    /// A pipeline on a new connection. A response's body may have at most `limit` bytes. Needs a
    /// runtime.
    pub(super) fn new(stream: Stream, limit: usize, debuggee: Debuggee) -> Self {
        let shared = Arc::new(Shared(Mutex::default()));
        let driver = Driver::new(stream, Arc::clone(&shared), limit, debuggee);
        let driver = OwnedTask::spawn(driver.run());
        Self { shared, _driver: driver }
    }

    /// Whether the pipeline takes no further calls.
    fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }

    /// Closes the pipeline: every call on it fails.
    fn close(&self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let pending = std::mem::take(&mut queue.pending);
        wake(queue);
        drop(pending);
    }

    /// Sends a request behind the requests in flight. There is no room for it if the queue is full
    /// or the request is too large: it would hold up others. Dropping the future cancels the call.
    /// When all calls in flight are cancelled, the connection is closed.
    pub(super) async fn transmit(
        &self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
    ) -> PipelineOutcome {
        let Some(receiver) = self.enqueue(request, authority, deadline) else {
            return PipelineOutcome::NoRoom;
        };
        let mut call = Call { shared: &self.shared, outcome: None };
        let outcome = call.outcome.insert(receiver).await;
        call.outcome = None;
        outcome.unwrap_or_else(|_| PipelineOutcome::Failed(SendError::Broken(connection_ended())))
    }

    /// Puts a request into the queue; `None` if there is no room for it.
    fn enqueue(
        &self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
    ) -> Option<oneshot::Receiver<PipelineOutcome>> {
        if request.body_length() > FLATTEN_LIMIT {
            return None;
        }
        let (outcome, receiver) = oneshot::channel();
        let mut queue = self.shared.lock();
        if queue.closed || queue.pending.len() >= limits::PIPELINE_DEPTH {
            return None;
        }
        let before = queue.outgoing.len();
        request.write_to(&mut queue.outgoing, authority);
        queue.enqueued += (queue.outgoing.len() - before) as u64;
        let end = queue.enqueued;
        queue.pending.push_back(PendingCall { outcome, deadline, end });
        let earliest = queue.earliest_deadline.map_or(deadline, |earliest| earliest.min(deadline));
        queue.earliest_deadline = Some(earliest);
        wake(queue);
        Some(receiver)
    }
}

/// A call in flight. Dropping it cancels the call.
struct Call<'a> {
    shared: &'a Shared,
    /// `None` once the outcome was received.
    outcome: Option<oneshot::Receiver<PipelineOutcome>>,
}

impl Drop for Call<'_> {
    /// Closes the connection if no caller waits any more, so that the plugin learns it.
    fn drop(&mut self) {
        let Some(mut outcome) = self.outcome.take() else { return };
        outcome.close();
        let mut queue = self.shared.lock();
        if queue.pending.iter().all(|call| call.outcome.is_closed()) {
            queue.closed = true;
            wake(queue);
        }
    }
}

/// Unlocks the queue, and wakes the driver if it waits.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let driver = queue.driver.take();
    drop(queue);
    if let Some(driver) = driver {
        driver.wake();
    }
}

fn connection_ended() -> io::Error {
    io::Error::new(ErrorKind::ConnectionReset, "the connection that the call shared has ended")
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::{Pin, pin};
    use std::task::Poll;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::host::connection::error::Stage;

    /// A timeout that no test reaches.
    const LONG: Duration = Duration::from_secs(1000);

    /// A pipeline, and the plugin's end of it.
    fn pipeline() -> (Pipeline, Stream) {
        let (host, plugin) = Stream::pair().unwrap();
        (Pipeline::new(host, 1 << 10, Debuggee::default()), plugin)
    }

    fn response(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    async fn call(pipeline: &Pipeline, method: &str, timeout: Duration) -> PipelineOutcome {
        let request = Request::new(method, b"");
        pipeline.transmit(&request, b"x", Instant::now() + timeout).await
    }

    /// The body of the response, and whether the call stalled the pipeline.
    fn answer(outcome: PipelineOutcome) -> (String, bool) {
        match outcome {
            PipelineOutcome::Answered { response, stalled } => {
                (String::from_utf8(response.body.to_vec()).unwrap(), stalled)
            }
            other => panic!("{other:?}"),
        }
    }

    fn body(outcome: PipelineOutcome) -> String {
        answer(outcome).0
    }

    fn is_broken(outcome: &PipelineOutcome) -> bool {
        matches!(outcome, PipelineOutcome::Failed(SendError::Broken(_)))
    }

    fn has_no_room(outcome: &PipelineOutcome) -> bool {
        matches!(outcome, PipelineOutcome::NoRoom)
    }

    /// Sends a call, and does not wait for its response.
    async fn begin(call: Pin<&mut impl Future>) {
        let mut call = call;
        assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    }

    /// Reads this many requests without bodies, and returns their methods.
    async fn requests(plugin: &mut Stream, count: usize) -> Vec<String> {
        let mut text = String::new();
        while text.matches("\r\n\r\n").count() < count {
            let mut piece = [0; 1024];
            let read = plugin.read(&mut piece).await.unwrap();
            assert!(read > 0, "the connection has ended");
            text.push_str(std::str::from_utf8(&piece[..read]).unwrap());
        }
        assert_eq!(text.matches(crate::protocol::wire::HEADER_PIPELINE).count(), 1);
        text.split("POST /").skip(1).map(|rest| rest.split(' ').next().unwrap().into()).collect()
    }

    #[tokio::test]
    async fn calls_are_written_together_and_each_gets_its_own_response() {
        let (pipeline, mut plugin) = pipeline();
        let plugin = async {
            assert_eq!(requests(&mut plugin, 3).await, ["a", "b", "c"]);
            let all = ["1", "2", "3"].map(response).concat();
            // The first piece ends within a response.
            let (first, second) = all.split_at(60);
            plugin.write_all(first.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
            plugin.write_all(second.as_bytes()).await.unwrap();
        };
        let (a, b, c, ()) = tokio::join!(
            call(&pipeline, "a", LONG),
            call(&pipeline, "b", LONG),
            call(&pipeline, "c", LONG),
            plugin
        );
        assert_eq!([a, b, c].map(body), ["1", "2", "3"]);
        assert!(!pipeline.is_closed());
    }

    #[tokio::test]
    async fn calls_behind_a_slow_call_are_given_back_and_the_slow_call_is_answered() {
        let (pipeline, mut plugin) = pipeline();
        let mut slow = pin!(call(&pipeline, "slow", LONG));
        let mut quick = pin!(call(&pipeline, "quick", LONG));
        begin(slow.as_mut()).await;
        begin(quick.as_mut()).await;
        requests(&mut plugin, 2).await;
        plugin.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.unwrap();
        assert!(matches!(quick.await, PipelineOutcome::GivenBack));
        assert!(has_no_room(&call(&pipeline, "other", LONG).await));
        plugin.write_all(response("at last").as_bytes()).await.unwrap();
        assert_eq!(answer(slow.await), ("at last".to_owned(), true));
    }

    #[tokio::test]
    async fn the_connection_closes_when_all_calls_are_cancelled() {
        let (pipeline, mut plugin) = pipeline();
        {
            let mut first = pin!(call(&pipeline, "a", LONG));
            begin(first.as_mut()).await;
            let mut second = pin!(call(&pipeline, "b", LONG));
            begin(second.as_mut()).await;
            requests(&mut plugin, 2).await;
        }
        assert_eq!(plugin.read(&mut [0; 64]).await.unwrap(), 0);
        assert!(pipeline.is_closed());
    }

    #[tokio::test]
    async fn a_cancelled_call_does_not_shift_the_responses() {
        let (pipeline, mut plugin) = pipeline();
        let mut second = pin!(call(&pipeline, "b", LONG));
        {
            let mut first = pin!(call(&pipeline, "a", LONG));
            begin(first.as_mut()).await;
            begin(second.as_mut()).await;
            requests(&mut plugin, 2).await;
        }
        plugin.write_all(["1", "2"].map(response).concat().as_bytes()).await.unwrap();
        assert_eq!(body(second.await), "2");
    }

    #[tokio::test(start_paused = true)]
    async fn each_call_has_its_own_deadline() {
        let (pipeline, mut plugin) = pipeline();
        let mut far = pin!(call(&pipeline, "far", LONG));
        begin(far.as_mut()).await;
        let near = call(&pipeline, "near", Duration::from_millis(5)).await;
        assert!(
            matches!(near, PipelineOutcome::Failed(SendError::TimedOut(Stage::Sent))),
            "{near:?}"
        );
        plugin.write_all(["1", "2"].map(response).concat().as_bytes()).await.unwrap();
        assert_eq!(body(far.await), "1");
    }

    #[tokio::test]
    async fn the_end_of_the_connection_ends_every_call() {
        let (pipeline, mut plugin) = pipeline();
        let plugin = async move { drop(requests(&mut plugin, 2).await) };
        let (a, b, ()) =
            tokio::join!(call(&pipeline, "a", LONG), call(&pipeline, "b", LONG), plugin);
        assert!(is_broken(&a) && is_broken(&b), "{a:?} {b:?}");
        assert!(has_no_room(&call(&pipeline, "c", LONG).await));
    }

    #[tokio::test]
    async fn calls_that_the_plugin_did_not_read_are_given_back_at_the_end_of_the_connection() {
        let (pipeline, plugin) = pipeline();
        plugin.close_idle().await;
        let outcomes = tokio::join!(call(&pipeline, "a", LONG), call(&pipeline, "b", LONG));
        let given_back = PipelineOutcome::GivenBack;
        assert_eq!(format!("{outcomes:?}"), format!("{:?}", (&given_back, &given_back)));
    }

    #[tokio::test]
    async fn the_last_call_is_given_back_if_the_plugin_did_not_read_everything() {
        let (pipeline, mut plugin) = pipeline();
        let plugin = async move {
            while !plugin.has_news() {
                tokio::task::yield_now().await;
            }
            plugin.read_exact(&mut [0; 20]).await.unwrap();
        };
        let (a, b, ()) =
            tokio::join!(call(&pipeline, "a", LONG), call(&pipeline, "b", LONG), plugin);
        assert!(is_broken(&a) && matches!(b, PipelineOutcome::GivenBack), "{a:?} {b:?}");
    }

    #[tokio::test]
    async fn an_unsolicited_response_closes_the_pipeline() {
        let (pipeline, mut plugin) = pipeline();
        plugin.write_all(response("unsolicited").as_bytes()).await.unwrap();
        while !pipeline.is_closed() {
            tokio::task::yield_now().await;
        }
        assert!(has_no_room(&call(&pipeline, "a", LONG).await));
    }

    #[tokio::test]
    async fn a_full_queue_and_a_large_request_have_no_room() {
        let (pipeline, _plugin) = pipeline();
        let mut calls = Vec::new();
        for _ in 0..limits::PIPELINE_DEPTH {
            let mut pending = Box::pin(call(&pipeline, "a", LONG));
            begin(pending.as_mut()).await;
            calls.push(pending);
        }
        assert!(has_no_room(&call(&pipeline, "a", LONG).await));
        let large = vec![0; FLATTEN_LIMIT + 1];
        let large = Request::new("a", &large);
        let outcome = pipeline.transmit(&large, b"x", Instant::now() + LONG).await;
        assert!(has_no_room(&outcome));
    }
}
