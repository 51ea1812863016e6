//! The result of a method as a stream, or as an iterator.

use std::fmt;
use std::future::poll_fn;
use std::iter::FusedIterator;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::task::yield_now;

use super::streamed_body::StreamedBody;
use crate::error::{Error, Result};
use crate::typed::call::wait;
use crate::typed::codec::Turn;

/// The result of a method that returns a stream: its items, as they come.
///
/// `E` is [`Error`], or [`CallError`](crate::CallError) if the method has an error of its own. An
/// error is the last item. A stream that ends without an error is complete: if the plugin crashes,
/// or the connection breaks, that is an error.
///
/// If the items are not read, the method waits, and nothing else does. Between two items,
/// [`Policy::stream_idle`](crate::host::Policy::stream_idle) is the longest pause. Dropping the
/// stream cancels the call: the plugin drops the method's stream.
///
/// ```no_run
/// # async fn example(mut lines: goplug::ResultStream<String>) -> goplug::Result<()> {
/// while let Some(line) = lines.next().await {
///     println!("{}", line?);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing unless it is read"]
pub struct ResultStream<T, E = Error> {
    /// `None` after the last item.
    body: Option<StreamedBody>,
    decode: Box<dyn Fn(Result<Bytes>) -> Result<T, E> + Send + Sync>,
    /// The items that have been there when they were asked for.
    turn: Turn,
    /// Whether other tasks have a turn before the next item.
    others_first: bool,
}

#[cfg(feature = "host")]
impl ResultStream<Bytes> {
    /// The items of a body as they are.
    pub(crate) fn raw(body: StreamedBody) -> Self {
        Self::new(body, |item| item)
    }
}

impl<T, E> ResultStream<T, E> {
    /// A stream of the items of this body. `decode` also gets the error that is the last item.
    pub(super) fn new(
        body: StreamedBody,
        decode: impl Fn(Result<Bytes>) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        let (turn, others_first) = (Turn::default(), false);
        Self { body: Some(body), decode: Box::new(decode), turn, others_first }
    }

    /// The next item; `None` after the last. Cancel safe.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        poll_fn(|cx| self.poll_in_turn(cx)).await
    }

    /// The next item. If items are always there, other tasks have a turn from time to time.
    fn poll_in_turn(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, E>>> {
        if std::mem::take(&mut self.others_first) {
            self.turn = Turn::default();
            return pin!(yield_now()).poll(cx).map(|()| None);
        }
        let item = self.poll_item(cx);
        match item {
            Poll::Ready(_) => self.others_first = self.turn.is_over(),
            Poll::Pending => self.turn = Turn::default(),
        }
        item
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, E>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let item = ready!(Pin::new(body).poll_next(cx)).map(&self.decode);
        if !matches!(item, Some(Ok(_))) {
            // Nothing follows an error, also one that is made here. The call ends.
            self.body = None;
        }
        Poll::Ready(item)
    }
}

impl<T, E> fmt::Debug for ResultStream<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResultStream").field("body", &self.body).finish_non_exhaustive()
    }
}

impl<T, E> Stream for ResultStream<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T, E>>> {
        self.poll_in_turn(cx)
    }
}

/// A [`ResultStream`] for code that is not async: each step blocks the thread until the next item
/// is there.
///
/// ```no_run
/// # fn example(lines: goplug::ResultIter<String>) -> goplug::Result<()> {
/// for line in lines {
///     println!("{}", line?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an iterator does nothing unless it is read"]
pub struct ResultIter<T, E = Error>(ResultStream<T, E>);

impl<T, E> ResultIter<T, E> {
    /// The items of a stream that blocks when it is polled.
    #[doc(hidden)]
    pub fn new(stream: ResultStream<T, E>) -> Self {
        Self(stream)
    }
}

impl<T, E> Iterator for ResultIter<T, E> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Result<T, E>> {
        wait(poll_fn(|cx| self.0.poll_item(cx)))
    }
}

impl<T, E> FusedIterator for ResultIter<T, E> {}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::typed::codec::MediaType;

    /// An item that is always there.
    struct Endless;

    impl Stream for Endless {
        type Item = Result<Bytes>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
            Poll::Ready(Some(Ok(Bytes::new())))
        }
    }

    fn endless() -> ResultStream<Bytes> {
        ResultStream::new(StreamedBody::new(MediaType::Raw, Endless), |item| item)
    }

    #[tokio::test(flavor = "current_thread")]
    async fn other_tasks_have_their_turn_beside_a_reader_that_never_waits() {
        let had_turn = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&had_turn);
        tokio::spawn(async move { other.store(true, Ordering::Relaxed) });
        let mut items = endless();
        for read in 0_u64.. {
            if had_turn.load(Ordering::Relaxed) {
                break;
            }
            assert!(read < 100_000_000, "no other task runs");
            items.next().await.unwrap().unwrap();
        }
    }

    #[test]
    fn an_iterator_never_leaves_its_thread() {
        let begun = std::time::Instant::now();
        let long = 4 * crate::limits::STREAM_SLICE;
        let mut items = ResultIter::new(endless());
        while begun.elapsed() < long {
            items.next().unwrap().unwrap();
        }
    }
}
