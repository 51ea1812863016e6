//! How much work a check may still do.

use std::cell::Cell;

use serde_json::Value;

use super::integers;
use crate::limits::CONFIGURATION_WORK;

/// How many bytes of text are compared in one step.
const BYTES: usize = 64;

/// The work that is left.
#[derive(Debug, Default)]
pub(super) struct Work {
    left: Cell<usize>,
    has_run_out: Cell<bool>,
    is_too_deep: Cell<bool>,
}

impl Work {
    pub(super) fn new() -> Self {
        Self { left: Cell::new(CONFIGURATION_WORK), ..Self::default() }
    }

    /// Takes these steps. Returns whether there was work left for them; what cannot be paid for is
    /// not done.
    pub(super) fn spend(&self, steps: usize) -> bool {
        match self.left.get().checked_sub(steps) {
            Some(left) => self.left.set(left),
            None => {
                self.left.set(0);
                self.has_run_out.set(true);
            }
        }
        !self.has_run_out.get()
    }

    /// As [`Work::spend`], for reading a text of this many bytes.
    pub(super) fn spend_on_text(&self, bytes: usize) -> bool {
        self.spend(1 + bytes / BYTES)
    }

    /// Notes that something lies too deep to be checked.
    pub(super) fn note_depth(&self) {
        self.is_too_deep.set(true);
    }

    /// Whether no work is left.
    pub(super) fn has_run_out(&self) -> bool {
        self.has_run_out.get()
    }

    /// Whether something is left unchecked.
    pub(super) fn is_partial(&self) -> bool {
        self.has_run_out() || self.is_too_deep.get()
    }

    /// Whether two values are the same, where `1` is `1.0`. Without work left, they are.
    pub(super) fn is_same(&self, one: &Value, other: &Value) -> bool {
        if !self.spend(1) {
            return true;
        }
        match (one, other) {
            (Value::Number(one), Value::Number(other)) => integers::compare(one, other).is_eq(),
            (Value::String(one), Value::String(other)) => {
                one.len() == other.len() && (!self.spend_on_text(one.len()) || one == other)
            }
            (Value::Array(one), Value::Array(other)) => {
                let mut items = one.iter().zip(other);
                one.len() == other.len() && items.all(|(one, other)| self.is_same(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                let is_in_other = |(key, value): (&String, &Value)| {
                    !self.spend_on_text(key.len())
                        || other.get(key).is_some_and(|other| self.is_same(value, other))
                };
                one.len() == other.len() && one.iter().all(is_in_other)
            }
            _ => one == other,
        }
    }
}
