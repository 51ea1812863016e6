//! Which plugin's activation the current code is a part of.
//!
//! A plugin may call its host while it is activated. If the host's handler then called the plugin,
//! it would wait for the activation, which waits for the handler. So the host marks such a handler,
//! and its calls fail at once.

use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<Option<ActivationId>> = const { Cell::new(None) };
}

/// Identifies a plugin of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActivationId(usize);

impl ActivationId {
    /// The id of a plugin: the address of a value that it has alone, and for as long as it lives.
    #[cfg(feature = "host")]
    pub(crate) fn of<T>(value: &T) -> Self {
        Self(std::ptr::from_ref(value) as usize)
    }

    /// The activation that the current code is a part of.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.get()
    }
}

/// Runs code as part of an activation, or of none.
pub(crate) fn within_activation<T>(
    activation: Option<ActivationId>,
    code: impl FnOnce() -> T,
) -> T {
    let _restore = Restore(CURRENT.replace(activation));
    code()
}

/// Restores the value from before when it is dropped, also by a panic.
struct Restore(Option<ActivationId>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}
