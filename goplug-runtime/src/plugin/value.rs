//! The value that the methods of an annotated plugin share.

use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use super::problems::not_active;
use crate::typed::{Dispatch, Handler, PluginValue};

/// The value of a plugin.
#[derive(Clone)]
pub(super) enum Value {
    /// It is there from the start.
    Fixed(PluginValue),
    /// The activation builds it, each time anew. There is none while the plugin is not active.
    Built(Arc<Mutex<Option<PluginValue>>>),
}

impl Value {
    /// Runs a method with the value. A fixed value costs a call no question.
    pub(super) fn handler(&self, dispatch: Dispatch) -> Handler {
        match self.clone() {
            Self::Fixed(value) => Arc::new(move |call| dispatch(Arc::clone(&value), call)),
            built @ Self::Built(_) => Arc::new(move |call| match built.current() {
                Some(value) => dispatch(value, call),
                None => Box::pin(ready(Err(not_active()))),
            }),
        }
    }

    /// The present value; `None` if the plugin is not active.
    pub(super) fn current(&self) -> Option<PluginValue> {
        match self {
            Self::Fixed(value) => Some(Arc::clone(value)),
            Self::Built(slot) => slot.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Sets the value that an activation has built, or that there is none any more. Calls in flight
    /// keep the one that they began with. A fixed value stays.
    pub(super) fn replace(&self, value: Option<PluginValue>) {
        let Self::Built(slot) = self else { return };
        let old =
            std::mem::replace(&mut *slot.lock().unwrap_or_else(PoisonError::into_inner), value);
        // The user's code that runs here holds no lock.
        drop(old);
    }
}
