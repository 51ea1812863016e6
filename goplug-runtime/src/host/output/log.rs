//! What a plugin prints, as events of `tracing`.
//!
//! The metadata of an event of `tracing` is static. So all events have the target `goplug::plugin`, and
//! what the plugin's own record names is in fields.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::Level;
use tracing::field::{DisplayValue, display};

use super::budget::Budget;
use super::record::Record;
use crate::panic::contained;
use crate::protocol::PluginId;

/// An event with one of the five levels, each of which is a constant for `tracing`.
macro_rules! with_level {
    ($level:expr, $macro:ident!($($arguments:tt)*)) => {
        match $level {
            Level::TRACE => tracing::$macro!(target: "goplug::plugin", Level::TRACE, $($arguments)*),
            Level::DEBUG => tracing::$macro!(target: "goplug::plugin", Level::DEBUG, $($arguments)*),
            Level::INFO => tracing::$macro!(target: "goplug::plugin", Level::INFO, $($arguments)*),
            Level::WARN => tracing::$macro!(target: "goplug::plugin", Level::WARN, $($arguments)*),
            Level::ERROR => tracing::$macro!(target: "goplug::plugin", Level::ERROR, $($arguments)*),
        }
    };
}

/// The log of one process of a plugin. If the subscriber of the host panics, an event is lost and no
/// more: if the pipes were not read any more, the plugin would wait for ever.
pub(super) struct Log {
    plugin: PluginId,
    budget: Mutex<Budget>,
}

impl Log {
    pub(super) fn new(plugin: PluginId) -> Self {
        Self { plugin, budget: Mutex::new(Budget::new(Instant::now())) }
    }

    /// Logs a record.
    pub(super) fn record(&self, stream: &str, record: &Record) {
        let Record { level, message, target, span, fields } = record;
        let length = message.len() + fields.as_ref().map_or(0, String::len);
        contained(|| {
            if self.admits(*level, length) {
                let plugin = &self.plugin;
                let (target, span, fields) = (shown(target), shown(span), shown(fields));
                with_level!(*level, event!(%plugin, stream, target, span, fields, "{message}"));
            }
        });
    }

    /// Logs a text that is safe to show.
    pub(super) fn text(&self, level: Level, stream: &str, text: &str) {
        contained(|| {
            if self.admits(level, text.len()) {
                let plugin = &self.plugin;
                with_level!(level, event!(%plugin, stream, "{text}"));
            }
        });
    }

    /// When [`report_left_out`](Self::report_left_out) has something to say; `None` if nothing was left
    /// out.
    pub(super) fn report_at(&self) -> Option<Instant> {
        self.budget().report_at()
    }

    /// Logs how many lines were left out, if it is time for that.
    pub(super) fn report_left_out(&self, now: Instant) {
        let left_out = self.budget().take_left_out(now);
        if let Some(count) = left_out {
            let plugin = &self.plugin;
            contained(|| {
                tracing::warn!(
                    target: "goplug::plugin", %plugin, left_out = count,
                    "it prints too much: {count} lines are left out"
                );
            });
        }
    }

    /// Whether somebody listens to this level and the plugin may say more.
    fn admits(&self, level: Level, length: usize) -> bool {
        if !with_level!(level, enabled!()) {
            return false;
        }
        let now = Instant::now();
        self.report_left_out(now);
        self.budget().spend(length, level <= Level::WARN, now)
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(at) = self.report_at() {
            self.report_left_out(at);
        }
    }
}

fn shown(text: &Option<String>) -> Option<DisplayValue<&String>> {
    text.as_ref().map(display)
}
