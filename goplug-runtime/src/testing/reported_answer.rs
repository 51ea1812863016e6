//! The answer to a call that reports.

use std::future::{Future, poll_fn};
use std::pin::pin;

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::event_stream::{CallEvent, CallReader, EventTooLarge};
use crate::typed::Outlet;

/// What comes of a method that reports, as its caller reads it.
pub(super) struct ReportedAnswer {
    outlet: Outlet,
    reader: CallReader,
    /// The result, if it has come as an event, or that an event is too large.
    pub(super) result: Option<Result<Bytes>>,
}

impl ReportedAnswer {
    pub(super) fn new(outlet: Outlet) -> Self {
        Self { outlet, reader: CallReader::new(limits::MAX_BODY), result: None }
    }

    /// Runs the method, and hands on what it reports.
    pub(super) async fn until<F: Future>(
        &mut self,
        method: F,
        progress: &mut (dyn FnMut(Bytes) + Send),
    ) -> F::Output {
        let mut method = pin!(method);
        poll_fn(|cx| {
            loop {
                let polled = method.as_mut().poll(cx);
                let has_read = self.read(progress);
                // A method whose outlet was full is polled again, as its connection would.
                if polled.is_ready() || !has_read {
                    return polled;
                }
            }
        })
        .await
    }

    /// Reads what is there. Returns whether it was something.
    fn read(&mut self, progress: &mut (dyn FnMut(Bytes) + Send)) -> bool {
        let mut has_read = false;
        while let Some(piece) = self.outlet.take() {
            has_read = true;
            self.reader.push(&piece);
            loop {
                match self.reader.next_event() {
                    Ok(None) => break,
                    Ok(Some(CallEvent::Progress(report))) => progress(report),
                    Ok(Some(CallEvent::Result(result))) => self.result = Some(Ok(result)),
                    Ok(Some(CallEvent::Error(_))) => {}
                    Err(EventTooLarge { limit }) => {
                        self.result = Some(Err(Error::TooLarge { limit }));
                        break;
                    }
                }
            }
        }
        has_read
    }
}
