//! The pipelines to one plugin: as many as there are processors, opened as they are needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Pipeline;
use crate::transport::processors;

/// The pipelines to one plugin.
pub(in crate::host) struct Pipelines {
    inner: Mutex<Inner>,
    most: usize,
}

#[derive(Default)]
struct Inner {
    open: Vec<Arc<Pipeline>>,
    /// Places for those that are about to be opened.
    taken: usize,
    /// Whose turn it is.
    turn: usize,
    closed: bool,
}

/// What a call is to go by.
pub(in crate::host) enum Turn<'a> {
    Existing(Arc<Pipeline>),
    /// One that the caller opens.
    New(Slot<'a>),
    /// A connection of its own.
    None,
}

/// The place of a pipeline that is about to be opened.
pub(in crate::host) struct Slot<'a>(&'a Pipelines);

impl Pipelines {
    pub(in crate::host) fn new() -> Self {
        // More of them would join fewer calls each, fewer would keep processors idle.
        Self { inner: Mutex::default(), most: processors() }
    }

    /// The pipeline whose turn it is.
    pub(in crate::host) fn next(&self) -> Turn<'_> {
        let mut inner = self.lock();
        inner.open.retain(|pipeline| !pipeline.is_closed());
        if inner.closed {
            return Turn::None;
        }
        if inner.open.len() + inner.taken < self.most {
            inner.taken += 1;
            return Turn::New(Slot(self));
        }
        inner.turn = inner.turn.wrapping_add(1);
        let count = inner.open.len();
        match count {
            0 => Turn::None,
            _ => Turn::Existing(Arc::clone(&inner.open[inner.turn % count])),
        }
    }

    /// Ends them all: every call on them fails.
    pub(in crate::host) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        open.iter().for_each(|pipeline| pipeline.end());
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// Puts the pipeline there.
    pub(in crate::host) fn fill(self, pipeline: Pipeline) -> Arc<Pipeline> {
        let pipeline = Arc::new(pipeline);
        let mut inner = self.0.lock();
        if inner.closed {
            drop(inner);
            pipeline.end();
        } else {
            inner.open.push(Arc::clone(&pipeline));
        }
        pipeline
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.lock().taken -= 1;
    }
}
