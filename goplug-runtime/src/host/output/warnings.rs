//! The warnings that a plugin causes in the log of its host, by what it sends.
//!
//! A plugin can repeat what each of them is about as fast as its host reads. So a bounded number of each
//! kind is logged, and the rest is counted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::{Instant, sleep_until};

use crate::host::task::OwnedTask;
use crate::limits;
use crate::panic::contained;
use crate::protocol::PluginId;

/// The warnings that one plugin causes.
pub(in crate::host) struct Warnings {
    plugin: PluginId,
    /// What was logged of each kind, in the current time.
    kinds: Mutex<HashMap<&'static str, Logged>>,
}

/// What was logged of one kind.
struct Logged {
    until: Instant,
    count: u32,
    left_out: u64,
    /// Says at the end how many were left out, if some were.
    report: Option<OwnedTask>,
}

impl Warnings {
    pub(in crate::host) fn new(plugin: PluginId) -> Self {
        Self { plugin, kinds: Mutex::default() }
    }

    /// Logs a warning of this kind, by `log`, unless enough of them were logged within
    /// [`limits::LOG_LEFT_OUT`]. A panic of the subscriber is contained. Needs a tokio runtime.
    pub(in crate::host) fn log(self: &Arc<Self>, kind: &'static str, log: impl FnOnce()) {
        if self.admits(kind) {
            contained(log);
        }
    }

    fn admits(self: &Arc<Self>, kind: &'static str) -> bool {
        let now = Instant::now();
        let mut kinds = self.lock();
        let logged = kinds.entry(kind).or_insert_with(|| Logged::from(now));
        if logged.until <= now && logged.left_out == 0 {
            *logged = Logged::from(now);
        }
        if logged.count < limits::WARNINGS {
            logged.count += 1;
            return true;
        }
        logged.left_out += 1;
        if logged.report.is_none() {
            let (until, warnings) = (logged.until, Arc::downgrade(self));
            logged.report = Some(OwnedTask::spawn(async move {
                sleep_until(until).await;
                if let Some(warnings) = warnings.upgrade() {
                    warnings.report(kind);
                }
            }));
        }
        false
    }

    /// Logs how many warnings of this kind were left out, and begins anew.
    fn report(&self, kind: &'static str) {
        let logged = self.lock().remove(kind);
        if let Some(Logged { left_out: count @ 1.., .. }) = logged {
            self.log_left_out(kind, count);
        }
    }

    fn log_left_out(&self, kind: &str, count: u64) {
        let plugin = &self.plugin;
        contained(|| {
            tracing::warn!(
                target: "goplug::plugin", %plugin, left_out = count,
                "{kind}: {count} more of these warnings are left out"
            );
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Logged>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Warnings {
    fn drop(&mut self) {
        let kinds = self.kinds.get_mut().unwrap_or_else(PoisonError::into_inner);
        for (kind, logged) in std::mem::take(kinds) {
            if logged.left_out > 0 {
                self.log_left_out(kind, logged.left_out);
            }
        }
    }
}

impl Logged {
    fn from(now: Instant) -> Self {
        Self { until: now + limits::LOG_LEFT_OUT, count: 0, left_out: 0, report: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::test_log::{fields, on_event};

    fn flood(warnings: &Arc<Warnings>, kind: &'static str, count: u32) {
        (0..count).for_each(|_| warnings.log(kind, || tracing::warn!("{kind}")));
    }

    fn left_out(kind: &str, count: u32) -> String {
        format!("{kind}: {count} more of these warnings are left out")
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_kind_is_bounded_and_the_rest_is_counted() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let _log = tracing::subscriber::set_default(on_event(move |event| {
            let messages = fields(event).into_iter().filter(|(name, _)| *name == "message");
            kept.lock().unwrap().extend(messages.map(|(_, text)| text));
        }));
        let take = || std::mem::take(&mut *lines.lock().unwrap());
        let warnings = Arc::new(Warnings::new(PluginId::new("p", "").unwrap()));
        flood(&warnings, "lost", limits::WARNINGS + 500);
        flood(&warnings, "late", 1);
        let logged = take();
        assert_eq!(logged.iter().filter(|line| *line == "lost").count(), limits::WARNINGS as usize);
        assert_eq!(logged.iter().filter(|line| *line == "late").count(), 1);
        tokio::time::sleep(2 * limits::LOG_LEFT_OUT).await;
        assert_eq!(take(), [left_out("lost", 500)]);
        flood(&warnings, "lost", limits::WARNINGS + 7);
        assert_eq!(take().len(), limits::WARNINGS as usize);
        drop(warnings);
        assert_eq!(take(), [left_out("lost", 7)]);
    }
}
