//! Whether a plugin has an instance, as it is reported: the changes that several slots make come in their
//! order.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What of a plugin with several slots was reported last.
#[derive(Default)]
pub(super) struct Serving(Mutex<Reported>);

#[derive(Default)]
struct Reported {
    serves: bool,
    is_reporting: bool,
}

/// Ends the reporting, also by a panic.
struct Reporting<'a> {
    serving: &'a Serving,
    has_ended: bool,
}

impl Serving {
    /// Reports whether the plugin has an instance, until the last report is true. Who comes meanwhile leaves
    /// that to the reporter before.
    pub(super) fn report(&self, serves: impl Fn() -> bool, mut report: impl FnMut(bool)) {
        let Some(mut reporting) = self.begin() else { return };
        // A listener may be slow, and may ask the plugin something: it is called without a lock.
        while let Some(serves) = reporting.next(&serves) {
            report(serves);
        }
    }

    fn begin(&self) -> Option<Reporting<'_>> {
        let was_reporting = std::mem::replace(&mut self.lock().is_reporting, true);
        (!was_reporting).then_some(Reporting { serving: self, has_ended: false })
    }

    fn lock(&self) -> MutexGuard<'_, Reported> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reporting<'_> {
    /// What is to be reported; without anything, the reporting has ended.
    fn next(&mut self, serves: impl Fn() -> bool) -> Option<bool> {
        let mut reported = self.serving.lock();
        let serves = serves();
        if std::mem::replace(&mut reported.serves, serves) != serves {
            return Some(serves);
        }
        // Under the same lock: a change from here on finds that nobody reports.
        reported.is_reporting = false;
        self.has_ended = true;
        None
    }
}

impl Drop for Reporting<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.serving.lock().is_reporting = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_change_during_a_report_is_reported_after_it() {
        let (serving, serves) = (Serving::default(), Cell::new(true));
        let reports = RefCell::new(Vec::new());
        let report_plainly = |serves| reports.borrow_mut().push(serves);
        serving.report(|| serves.get(), report_plainly);
        serves.set(false);
        serving.report(
            || serves.get(),
            |value| {
                if !serves.replace(true) {
                    // Another slot has an instance before this one has reported that none has.
                    serving.report(|| serves.get(), report_plainly);
                }
                report_plainly(value);
            },
        );
        assert_eq!(*reports.borrow(), [true, false, true]);
    }

    #[test]
    fn after_a_panic_further_changes_are_reported() {
        let serving = Serving::default();
        let panics = || serving.report(|| true, |_| panic!("a test's own"));
        catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
        let reported = Cell::new(None);
        serving.report(|| false, |serves| reported.set(Some(serves)));
        assert_eq!(reported.get(), Some(false));
    }
}
