//! The pipelines to one instance: as many as there are processors, opened when they are needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Pipeline;
use crate::transport::processors;

/// The pipelines to one instance.
pub(in crate::host::connection) struct Pipelines {
    inner: Mutex<Inner>,
    max_open: usize,
}

#[derive(Default)]
struct Inner {
    open: Vec<Arc<Pipeline>>,
    /// How many pipelines callers are about to open.
    reserved: usize,
    /// Counts the selections, so that the pipelines are used in rotation.
    selections: usize,
    closed: bool,
}

/// The pipeline that a call is to use.
pub(in crate::host::connection) enum Selection<'a> {
    /// An open pipeline.
    Open(Arc<Pipeline>),
    /// A new pipeline, which the caller opens.
    New(Reservation<'a>),
    /// There is no pipeline: the call needs a connection of its own.
    None,
}

/// The place of a pipeline that is about to be opened. Dropping it frees the place.
pub(in crate::host::connection) struct Reservation<'a>(&'a Pipelines);

impl Pipelines {
    pub(in crate::host::connection) fn new() -> Self {
        // More pipelines would batch fewer calls each; fewer would leave processors idle.
        Self { inner: Mutex::default(), max_open: processors() }
    }

    /// Selects a pipeline: a new one until there are enough, then each in rotation.
    pub(in crate::host::connection) fn select(&self) -> Selection<'_> {
        let mut inner = self.lock();
        inner.open.retain(|pipeline| !pipeline.is_closed());
        if inner.closed {
            return Selection::None;
        }
        if inner.open.len() + inner.reserved < self.max_open {
            inner.reserved += 1;
            return Selection::New(Reservation(self));
        }
        inner.selections = inner.selections.wrapping_add(1);
        let count = inner.open.len();
        match count {
            0 => Selection::None,
            _ => Selection::Open(Arc::clone(&inner.open[inner.selections % count])),
        }
    }

    /// Closes all pipelines, now and in future: every call on them fails.
    pub(in crate::host::connection) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        open.iter().for_each(|pipeline| pipeline.close());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation<'_> {
    /// Adds the opened pipeline.
    pub(in crate::host::connection) fn fill(self, pipeline: Pipeline) -> Arc<Pipeline> {
        let pipeline = Arc::new(pipeline);
        let mut inner = self.0.lock();
        if inner.closed {
            drop(inner);
            pipeline.close();
        } else {
            inner.open.push(Arc::clone(&pipeline));
        }
        pipeline
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.0.lock().reserved -= 1;
    }
}
