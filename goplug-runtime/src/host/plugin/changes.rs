//! What goes on with the instances of a plugin: while one is started or replaced, the plugin is not idle.

use std::sync::Arc;

/// The changes of a plugin's instances that go on.
#[derive(Default)]
pub(super) struct Changes(Arc<()>);

/// A change that goes on until this is dropped.
pub(super) struct Change(#[expect(dead_code, reason = "it is counted")] Arc<()>);

impl Changes {
    pub(super) fn begin(&self) -> Change {
        Change(Arc::clone(&self.0))
    }

    pub(super) fn go_on(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
