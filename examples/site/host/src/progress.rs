//! The progress of the site, by the callbacks of its plugins.
//!
//! Each plugin calls back while it works on a page. On a terminal that moves a progress bar;
//! elsewhere one line is printed for each page.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

const BAR_WIDTH: usize = 30;

/// What the plugins reported. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    is_terminal: bool,
}

#[derive(Debug)]
struct State {
    /// The number of calls for the whole site, and how many of them are done.
    calls: usize,
    done: usize,
    /// The call in flight: its page, its plugin, and its progress.
    page: String,
    plugin: (usize, String),
    percent: u8,
    /// For each plugin, how many reports there were, and how many that a page is done.
    reports: Vec<(u64, u64)>,
}

impl Progress {
    /// The progress before the first of this many pages, by this many plugins.
    pub(crate) fn new(pages: usize, plugins: usize) -> Self {
        let state = State {
            calls: pages * plugins,
            done: 0,
            page: String::new(),
            plugin: (0, String::new()),
            percent: 0,
            reports: vec![(0, 0); plugins],
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            changed: Notify::new(),
            is_terminal: std::io::stderr().is_terminal(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A plugin begins with a page; both come with their index.
    pub(crate) fn begin(&self, page: (usize, &str), plugin: (usize, &str)) {
        let mut state = self.state();
        state.done = page.0 * state.reports.len() + plugin.0;
        state.page = page.1.into();
        state.plugin = (plugin.0, plugin.1.into());
        state.percent = 0;
        self.show(&state);
    }

    /// The callback of a plugin.
    pub(crate) fn report(&self, plugin: usize, page: &str, percent: u8) {
        let mut state = self.state();
        if let Some((all, done)) = state.reports.get_mut(plugin) {
            *all += 1;
            *done += u64::from(percent >= 100);
        }
        // A callback may arrive when the next plugin has the page already.
        if state.page == page && state.plugin.0 == plugin {
            state.percent = percent.min(100);
            self.show(&state);
        }
        self.0.changed.notify_one();
    }

    /// A page has gone through all plugins, or a plugin has failed on it.
    pub(crate) fn page_done(&self, page: &str, succeeded: bool) {
        if !self.0.is_terminal {
            eprintln!("{page}: {}", if succeeded { "done" } else { "failed" });
        }
    }

    /// How often each plugin reported. The last callbacks may arrive after the result of the
    /// call: this waits a second for them.
    pub(crate) async fn reports(&self, done: &[u64]) -> Vec<u64> {
        let all_here = async {
            while self.state().reports.iter().zip(done).any(|((_, seen), done)| seen < done) {
                self.0.changed.notified().await;
            }
        };
        // Without them, the numbers are a little low.
        let _ = tokio::time::timeout(Duration::from_secs(1), all_here).await;
        self.state().reports.iter().map(|(all, _)| *all).collect()
    }

    /// Removes the bar.
    pub(crate) fn clear(&self) {
        if self.0.is_terminal {
            eprint!("\r\x1b[K");
        }
    }

    fn show(&self, state: &State) {
        if self.0.is_terminal {
            let mut stderr = std::io::stderr().lock();
            // A bar that cannot be shown is no reason to fail.
            let _ = write!(stderr, "\r{}\x1b[K", state.line()).and_then(|()| stderr.flush());
        }
    }
}

impl State {
    fn line(&self) -> String {
        let total = (self.calls * 100).max(1);
        let done = (self.done * 100 + usize::from(self.percent)).min(total);
        let filled = done * BAR_WIDTH / total;
        let bar = "#".repeat(filled) + &"-".repeat(BAR_WIDTH - filled);
        format!("[{bar}] {:3} % {} {}", done * 100 / total, self.page, self.plugin.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_shows_what_is_done_and_what_runs() {
        let progress = Progress::new(2, 2);
        progress.begin((1, "b.md"), (0, "Toc"));
        progress.report(0, "b.md", 100);
        let line = progress.state().line();
        assert_eq!(line, "[######################--------]  75 % b.md Toc");
    }

    #[test]
    fn a_late_report_is_counted_and_does_not_move_the_bar() {
        let progress = Progress::new(1, 2);
        progress.begin((0, "a.md"), (1, "Toc"));
        progress.report(0, "a.md", 100);
        assert!(progress.state().line().contains(" 50 %"));
        assert_eq!(progress.state().reports, [(1, 1), (0, 0)]);
    }

    #[test]
    fn the_count_waits_for_late_reports() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let reports = runtime.block_on(async {
            let progress = Progress::new(1, 1);
            let late = progress.clone();
            let waiting = tokio::spawn(async move { progress.reports(&[1]).await });
            tokio::task::yield_now().await;
            late.report(0, "a.md", 50);
            late.report(0, "a.md", 100);
            waiting.await.unwrap()
        });
        assert_eq!(reports, [2]);
    }
}
