//! A connection on which many calls are on their way at a time, one behind the other.
//!
//! Calls made at the same time are written at once and their answers read at once, by a task
//! that the pipeline owns: for each of them that is far less than a connection of its own.
//! The plugin answers in order, so a call that takes long would hold up those behind it. It
//! does not: after [`limits::PIPELINE_STALL`] the plugin gives them back, unbegun, and
//! they are sent elsewhere.

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
pub(in crate::host) use self::pool::{Pipelines, Turn};
use crate::host::connection::error::SendError;
use crate::host::task::OwnedTask;
use crate::http1::{FLATTEN_LIMIT, Request, Response};
use crate::limits;
use crate::transport::Stream;

/// What becomes of a call on a pipeline.
pub(in crate::host) type Outcome = Result<Answered, SendError>;

/// A response, and how it came.
#[derive(Debug)]
pub(in crate::host) struct Answered {
    pub(in crate::host) response: Response,
    /// It took so long that the calls behind it were given back.
    pub(in crate::host) slow: bool,
}

/// A connection that calls share.
pub(in crate::host) struct Pipeline {
    shared: Arc<Shared>,
    _driver: OwnedTask,
}

struct Shared(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// What is to be written.
    outgoing: Vec<u8>,
    /// Who waits, in the order of the answers.
    waiting: VecDeque<Waiting>,
    /// When the first deadline of them may be over; not before.
    earliest: Option<Instant>,
    /// Wakes the driver, where it waits.
    driver: Option<Waker>,
    /// Nothing further is taken.
    closed: bool,
}

struct Waiting {
    answer: oneshot::Sender<Outcome>,
    deadline: Instant,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pipeline {
    /// Takes a connection on which nothing is on its way. Responses may have at most `limit`
    /// bytes. Needs a runtime.
    pub(in crate::host) fn new(stream: Stream, limit: usize) -> Self {
        let shared = Arc::new(Shared(Mutex::default()));
        let driver = Driver::new(stream, Arc::clone(&shared), limit);
        let driver = OwnedTask::spawn(driver.run());
        Self { shared, _driver: driver }
    }

    /// Whether it takes no further calls.
    pub(in crate::host) fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }

    /// Ends it: every call on it fails.
    fn end(&self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        let waiting = std::mem::take(&mut queue.waiting);
        wake(queue);
        drop(waiting);
    }

    /// Sends a request behind those that are on their way; `None` where there is no room, or
    /// it is too large to be held for others. Dropping the future gives the call up; when all
    /// that are on their way are given up, the connection is closed.
    pub(in crate::host) async fn transmit(
        &self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
    ) -> Option<Outcome> {
        let mut call = Call { shared: &self.shared, answer: None };
        let answer = call.answer.insert(self.enqueue(request, authority, deadline)?);
        let outcome = answer.await;
        call.answer = None;
        Some(outcome.unwrap_or_else(|_| Err(SendError::Broken(lost()))))
    }

    fn enqueue(
        &self,
        request: &Request<'_>,
        authority: &[u8],
        deadline: Instant,
    ) -> Option<oneshot::Receiver<Outcome>> {
        if request.body.len() > FLATTEN_LIMIT {
            return None;
        }
        let (answer, receiver) = oneshot::channel();
        let mut queue = self.shared.lock();
        if queue.closed || queue.waiting.len() >= limits::PIPELINE_DEPTH {
            return None;
        }
        request.write_to(&mut queue.outgoing, authority);
        queue.waiting.push_back(Waiting { answer, deadline });
        queue.earliest = Some(queue.earliest.map_or(deadline, |earliest| earliest.min(deadline)));
        wake(queue);
        Some(receiver)
    }
}

/// A call on its way.
struct Call<'a> {
    shared: &'a Shared,
    /// `None` once it is there.
    answer: Option<oneshot::Receiver<Outcome>>,
}

impl Drop for Call<'_> {
    /// When nobody waits any more, the plugin has to learn it.
    fn drop(&mut self) {
        let Some(mut answer) = self.answer.take() else { return };
        answer.close();
        let mut queue = self.shared.lock();
        if queue.waiting.iter().all(|waiting| waiting.answer.is_closed()) {
            queue.closed = true;
            wake(queue);
        }
    }
}

/// Wakes the driver, where it waits, once the queue is free.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let driver = queue.driver.take();
    drop(queue);
    if let Some(driver) = driver {
        driver.wake();
    }
}

fn lost() -> io::Error {
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

    const FAR: Duration = Duration::from_secs(1000);

    /// A pipeline, and the plugin's end of it.
    fn pipeline() -> (Pipeline, Stream) {
        let (ours, theirs) = Stream::pair().unwrap();
        (Pipeline::new(ours, 1 << 10), theirs)
    }

    fn response(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    async fn call(pipeline: &Pipeline, method: &str, within: Duration) -> Option<Outcome> {
        let request = Request::new(method, b"");
        pipeline.transmit(&request, b"x", Instant::now() + within).await
    }

    fn body(outcome: Option<Outcome>) -> String {
        let answered = outcome.unwrap().unwrap();
        String::from_utf8(answered.response.body.to_vec()).unwrap()
    }

    /// Puts a call on its way, and waits for nothing.
    async fn begin(call: Pin<&mut impl Future>) {
        let mut call = call;
        assert!(poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await);
    }

    /// Reads this many requests without bodies; answers with their methods.
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
    async fn calls_are_written_together_and_each_gets_its_own_answer() {
        let (pipeline, mut plugin) = pipeline();
        let plugin = async {
            assert_eq!(requests(&mut plugin, 3).await, ["a", "b", "c"]);
            let all = ["1", "2", "3"].map(response).concat();
            // In two pieces that no answer ends with.
            let (first, second) = all.split_at(60);
            plugin.write_all(first.as_bytes()).await.unwrap();
            tokio::task::yield_now().await;
            plugin.write_all(second.as_bytes()).await.unwrap();
        };
        let (a, b, c, ()) = tokio::join!(
            call(&pipeline, "a", FAR),
            call(&pipeline, "b", FAR),
            call(&pipeline, "c", FAR),
            plugin
        );
        assert_eq!([a, b, c].map(body), ["1", "2", "3"]);
        assert!(!pipeline.is_closed());
    }

    #[tokio::test]
    async fn what_is_given_back_was_not_sent_and_what_takes_long_is_answered() {
        let (pipeline, mut plugin) = pipeline();
        let mut slow = pin!(call(&pipeline, "slow", FAR));
        let mut quick = pin!(call(&pipeline, "quick", FAR));
        begin(slow.as_mut()).await;
        begin(quick.as_mut()).await;
        requests(&mut plugin, 2).await;
        plugin.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.unwrap();
        assert!(matches!(quick.await, Some(Err(SendError::Unsent(_)))));
        assert!(call(&pipeline, "other", FAR).await.is_none());
        plugin.write_all(response("at last").as_bytes()).await.unwrap();
        let answered = slow.await.unwrap().unwrap();
        assert_eq!((&answered.response.body[..], answered.slow), (&b"at last"[..], true));
    }

    #[tokio::test]
    async fn the_plugin_learns_when_nobody_waits_any_more() {
        let (pipeline, mut plugin) = pipeline();
        {
            let mut first = pin!(call(&pipeline, "a", FAR));
            begin(first.as_mut()).await;
            let mut second = pin!(call(&pipeline, "b", FAR));
            begin(second.as_mut()).await;
            requests(&mut plugin, 2).await;
        }
        assert_eq!(plugin.read(&mut [0; 64]).await.unwrap(), 0);
        assert!(pipeline.is_closed());
    }

    #[tokio::test]
    async fn one_that_gave_up_takes_nobody_elses_answer() {
        let (pipeline, mut plugin) = pipeline();
        let mut second = pin!(call(&pipeline, "b", FAR));
        {
            let mut first = pin!(call(&pipeline, "a", FAR));
            begin(first.as_mut()).await;
            begin(second.as_mut()).await;
            requests(&mut plugin, 2).await;
        }
        plugin.write_all(["1", "2"].map(response).concat().as_bytes()).await.unwrap();
        assert_eq!(body(second.await), "2");
    }

    #[tokio::test(start_paused = true)]
    async fn each_deadline_is_kept() {
        let (pipeline, mut plugin) = pipeline();
        let mut far = pin!(call(&pipeline, "far", FAR));
        begin(far.as_mut()).await;
        let near = call(&pipeline, "near", Duration::from_millis(5)).await;
        assert!(matches!(near, Some(Err(SendError::TimedOut))), "{near:?}");
        plugin.write_all(["1", "2"].map(response).concat().as_bytes()).await.unwrap();
        assert_eq!(body(far.await), "1");
    }

    #[tokio::test]
    async fn the_end_of_the_connection_ends_every_call() {
        let (pipeline, plugin) = pipeline();
        let plugin = async move { drop(plugin) };
        let (a, b, ()) = tokio::join!(call(&pipeline, "a", FAR), call(&pipeline, "b", FAR), plugin);
        for outcome in [a, b] {
            assert!(matches!(outcome, Some(Err(SendError::Broken(_)))), "{outcome:?}");
        }
        assert!(call(&pipeline, "c", FAR).await.is_none());
    }

    #[tokio::test]
    async fn after_an_answer_that_nobody_asked_for_nothing_is_sent() {
        let (pipeline, mut plugin) = pipeline();
        plugin.write_all(response("unasked").as_bytes()).await.unwrap();
        while !pipeline.is_closed() {
            tokio::task::yield_now().await;
        }
        assert!(call(&pipeline, "a", FAR).await.is_none());
    }

    #[tokio::test]
    async fn there_is_room_for_so_many() {
        let (pipeline, _plugin) = pipeline();
        let mut calls = Vec::new();
        for _ in 0..limits::PIPELINE_DEPTH {
            let mut waiting = Box::pin(call(&pipeline, "a", FAR));
            begin(waiting.as_mut()).await;
            calls.push(waiting);
        }
        assert!(call(&pipeline, "a", FAR).await.is_none());
        let large = vec![0; FLATTEN_LIMIT + 1];
        let large = Request::new("a", &large);
        assert!(pipeline.transmit(&large, b"x", Instant::now() + FAR).await.is_none());
    }
}
