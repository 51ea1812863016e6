//! What a method reports while it works, on its way to the caller.
//!
//! Reports wait in a queue: a method may report from another task or thread than that of its
//! connection. The connection's task takes them out whenever it polls the method, and writes them. While
//! the caller does not read, nothing is taken out, and the method waits at its next report.

use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;

use super::invocation::Call;
use super::outlet::Outlet;
use super::reply::Reply;
use super::wait::wait;
use crate::limits;
use crate::panic::catch;
use crate::protocol::{Lossless, Problem, ProblemKind};
use crate::typed::declare::check::{ProgressType, Returned};

/// A report as JSON, or why it cannot be JSON: then the call fails.
type Report = Result<Vec<u8>, Problem>;

/// What a method tells its caller while it works: values of the type `T`, in their order, before the
/// result.
///
/// A method takes it as a parameter, by value, at any place. On the client, a closure is at that place,
/// which is called with each value. It belongs to that call alone: two calls of a method do not hear
/// each other. A method that is not `async` runs on a thread of its own, as if it had `blocking`.
///
/// ```
/// # #[goplug::plugin]
/// # pub struct Sum;
/// /// Adds the numbers up to `n`, and reports in percent.
/// #[goplug::method(Sum)]
/// pub async fn sum_up_to(n: u64, progress: goplug::Progress<u64>) -> u64 {
///     let mut sum = 0;
///     for number in 1..=n {
///         sum += number;
///         progress.send(number * 100 / n).await;
///     }
///     sum
/// }
///
/// # async fn host<C: goplug::Caller>(sum: SumClient<C>) -> goplug::Result<()> {
/// let total = sum.sum_up_to(1000, |percent| println!("{percent} %")).await?;
/// # let _ = total;
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
///
/// # If the caller is slow
/// At most [`limits::PROGRESS_BACKLOG`](crate::limits::PROGRESS_BACKLOG) values wait, and none is left
/// out or merged: a method that reports faster than its caller reads waits. A method that shall not wait
/// for its caller reports less often.
///
/// # If nobody listens
/// A caller need not listen: `curl` does not, unless it asks for it. Then, and after the end of the call,
/// a value is dropped at once.
pub struct Progress<T> {
    /// `None` if the caller does not listen.
    sender: Option<mpsc::Sender<Report>>,
    values: PhantomData<fn(T)>,
}

impl<T> Clone for Progress<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), values: PhantomData }
    }
}

impl<T> fmt::Debug for Progress<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("is_heard", &self.is_heard()).finish()
    }
}

impl<T> ProgressType for Progress<T> {
    type Value = T;
}

impl<T> Progress<T> {
    /// Whether the caller listens. If not, a value need not be made.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.sender.as_ref().is_some_and(|sender| !sender.is_closed())
    }
}

impl<T: Returned> Progress<T> {
    /// Reports a value. Waits while the caller is behind. Cancel safe: the value is reported or it is not.
    ///
    /// A value that cannot be JSON, such as a map whose keys are not strings, fails the call.
    pub async fn send(&self, value: T) {
        let Some(sender) = &self.sender else { return };
        // An error means that the call has ended.
        let _ = sender.send(report(&value)).await;
    }

    /// As [`Progress::send`], and blocks the thread: for methods that are not `async`. In `async` code it
    /// would block the connection that it waits for.
    pub fn blocking_send(&self, value: T) {
        wait(self.send(value));
    }
}

fn report<T: Returned>(value: &T) -> Report {
    serde_json::to_vec(&Lossless::of(value)).map_err(|error| {
        let detail = format!("what the method reports cannot be written as JSON: {error}");
        Problem::new(ProblemKind::Internal, detail)
    })
}

/// The other end of a [`Progress`].
#[derive(Debug)]
pub struct Reports(Option<(mpsc::Receiver<Report>, Outlet)>);

impl Call {
    /// The two ends of what a method reports.
    #[doc(hidden)]
    pub fn progress<T>(&self) -> (Progress<T>, Reports) {
        let (sender, reports) = match self.outlet() {
            Some(outlet) => {
                let (sender, receiver) = mpsc::channel(limits::PROGRESS_BACKLOG);
                (Some(sender), Some((receiver, outlet)))
            }
            None => (None, None),
        };
        (Progress { sender, values: PhantomData }, Reports(reports))
    }
}

impl Reports {
    /// Runs a method, and sends what it reports. If the caller listens, the result goes the same way, and
    /// the reply is empty.
    ///
    /// # Errors
    /// The problem of the method, or of a value that cannot be sent.
    pub async fn until(
        self,
        method: impl Future<Output = Result<Reply, Problem>>,
    ) -> Result<Reply, Problem> {
        let Some((mut reports, outlet)) = self.0 else { return method.await };
        let mut method = pin!(method);
        let mut replied = None;
        poll_fn(|cx| {
            // What was reported before an error or a panic comes before it.
            if replied.is_none()
                && let Poll::Ready(reply) = poll_method(method.as_mut(), cx)
            {
                replied = Some(reply);
                // What its tasks report from here on comes too late.
                reports.close();
            }
            ready!(poll_reports(&mut reports, &outlet, cx))?;
            let Some(reply) = replied.take() else { return Poll::Pending };
            outlet.answer(&reply?.body);
            Poll::Ready(Ok(Reply::raw(Vec::new())))
        })
        .await
    }
}

fn poll_method(
    method: Pin<&mut impl Future<Output = Result<Reply, Problem>>>,
    cx: &mut Context<'_>,
) -> Poll<Result<Reply, Problem>> {
    catch(|| method.poll(cx)).unwrap_or_else(|panic| Poll::Ready(Err(Problem::panicked(panic))))
}

/// Moves all reports into the outlet. It is ready once there is none left, and waits while the outlet is
/// full: the connection empties it and polls again.
fn poll_reports(
    reports: &mut mpsc::Receiver<Report>,
    outlet: &Outlet,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Problem>> {
    loop {
        if outlet.is_full() {
            return Poll::Pending;
        }
        match reports.poll_recv(cx) {
            Poll::Ready(Some(report)) => outlet.report(&report?),
            Poll::Ready(None) | Poll::Pending => return Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn call() -> (Call, Outlet) {
        let outlet = Outlet::default();
        (Call::new(Bytes::new()).streaming(outlet.clone()), outlet)
    }

    fn reply() -> Result<Reply, Problem> {
        Reply::json(&7)
    }

    fn texts(outlet: &Outlet) -> String {
        let pieces = std::iter::from_fn(|| outlet.take());
        pieces.map(|piece| String::from_utf8(piece.to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn reports_come_in_their_order_and_before_the_result() {
        let (call, outlet) = call();
        let (progress, reports) = call.progress::<u8>();
        let other = progress.clone();
        let method = async move {
            progress.send(1).await;
            let from_thread = std::thread::spawn(move || other.blocking_send(2));
            tokio::task::spawn_blocking(|| from_thread.join().unwrap()).await.unwrap();
            progress.send(3).await;
            reply()
        };
        reports.until(method).await.unwrap();
        outlet.end(None);
        let event = |number| format!("event: progress\ndata: {number}\n\n");
        let expected = [1, 2, 3].map(event).concat() + "event: result\ndata: 7\n\n";
        assert_eq!(texts(&outlet), expected);
    }

    #[tokio::test]
    async fn a_method_waits_while_its_caller_does_not_read() {
        let (call, outlet) = call();
        let (progress, reports) = call.progress::<String>();
        let method = Box::pin(async move {
            for _ in 0..3 {
                progress.send("x".repeat(limits::STREAM_PIECE)).await;
            }
            reply()
        });
        let mut running = pin!(reports.until(method));
        let mut read = 0;
        let ended = loop {
            let polled = poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
            let texts = texts(&outlet);
            assert!(texts.matches("event: progress").count() <= 1, "more than one piece is ready");
            read += texts.len();
            if let Poll::Ready(ended) = polled {
                break ended;
            }
        };
        assert!(ended.is_ok() && read > 3 * limits::STREAM_PIECE);
    }

    #[tokio::test]
    async fn without_a_listener_nothing_waits_and_the_result_is_the_reply() {
        let (progress, reports) = Call::new(Bytes::new()).progress::<u8>();
        assert!(!progress.is_heard());
        let method = async move {
            for _ in 0..2 * limits::PROGRESS_BACKLOG {
                progress.send(1).await;
            }
            reply()
        };
        assert_eq!(reports.until(method).await.unwrap().body, "7");
    }

    #[tokio::test]
    async fn a_value_that_cannot_be_json_fails_the_call() {
        let (call, _outlet) = call();
        let (progress, reports) = call.progress::<std::collections::BTreeMap<(u8, u8), u8>>();
        let method = async move {
            progress.send([((1, 2), 3)].into()).await;
            std::future::pending().await
        };
        let problem = reports.until(method).await.unwrap_err();
        assert!(problem.detail.contains("what the method reports"), "{problem:?}");
    }

    #[tokio::test]
    async fn what_is_reported_after_the_end_is_dropped() {
        let (call, outlet) = call();
        let (progress, reports) = call.progress::<u8>();
        let late = progress.clone();
        reports.until(async move { reply() }).await.unwrap();
        assert!(!late.is_heard());
        late.send(1).await;
        assert_eq!(texts(&outlet), "event: result\ndata: 7\n\n");
    }
}
