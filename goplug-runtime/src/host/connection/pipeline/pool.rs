//! The pipelines to one instance: for each runtime that calls it as many as there are processors,
//! opened when they are needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Id;

use super::Pipeline;
use crate::transport::processors;

/// The pipelines to one instance.
pub(in crate::host::connection) struct Pipelines {
    inner: Mutex<Inner>,
    max_open: usize,
}

#[derive(Default)]
struct Inner {
    /// Each with the runtime on which its driver runs.
    open: Vec<(Id, Arc<Pipeline>)>,
    /// The runtimes of the pipelines that callers are about to open.
    reserved: Vec<Id>,
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
pub(in crate::host::connection) struct Reservation<'a>(&'a Pipelines, Id);

impl Pipelines {
    pub(in crate::host::connection) fn new() -> Self {
        // More pipelines would batch fewer calls each; fewer would leave processors idle.
        Self { inner: Mutex::default(), max_open: processors() }
    }

    /// Selects a pipeline of this runtime: a new one until there are enough, then each in rotation.
    pub(in crate::host::connection) fn select(&self, runtime: Id) -> Selection<'_> {
        let mut inner = self.lock();
        inner.open.retain(|(_, pipeline)| !pipeline.is_closed());
        if inner.closed {
            return Selection::None;
        }
        inner.selections = inner.selections.wrapping_add(1);
        let mut open = inner.open.iter().filter(|(of, _)| *of == runtime);
        let count = open.clone().count();
        let reserved = inner.reserved.iter().filter(|of| **of == runtime).count();
        if count + reserved < self.max_open {
            inner.reserved.push(runtime);
            return Selection::New(Reservation(self, runtime));
        }
        match inner.selections.checked_rem(count).and_then(|at| open.nth(at)) {
            Some((_, pipeline)) => Selection::Open(Arc::clone(pipeline)),
            None => Selection::None,
        }
    }

    /// Closes all pipelines, now and in future: every call on them fails.
    pub(in crate::host::connection) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let open = std::mem::take(&mut inner.open);
        drop(inner);
        open.iter().for_each(|(_, pipeline)| pipeline.close());
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
            inner.open.push((self.1, Arc::clone(&pipeline)));
        }
        pipeline
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let reserved = &mut self.0.lock().reserved;
        let at = reserved.iter().position(|of| *of == self.1);
        at.map(|at| reserved.swap_remove(at));
    }
}
