//! The plugins that were installed, and what becomes of them.

use std::collections::BTreeMap;
use std::future::pending;
use std::path::{Path, PathBuf};

use tokio::time::{Instant, sleep_until};

use super::followed::{Before, Followed, News};
use super::member::Member;

/// All plugins that were installed, by their `.pconf` files.
#[derive(Debug)]
pub(super) struct Serving {
    plugins: BTreeMap<PathBuf, Followed>,
    last_look: Instant,
}

impl Serving {
    pub(super) fn new() -> Self {
        Self { plugins: BTreeMap::new(), last_look: Instant::now() }
    }

    /// A plugin was installed after a build that ended then; these processes were there before.
    pub(super) fn installed(&mut self, file: &Path, built: Instant, before: &Before) {
        let known = self.plugins.remove(file);
        if let Some(mut plugin) = Followed::new(file, built, known) {
            plugin.installed(before);
            self.plugins.insert(file.to_owned(), plugin);
        }
    }

    /// A host is started after a build that ended then; these processes were there before.
    pub(super) fn host_started(&mut self, built: Instant, before: &Before) {
        self.plugins.values_mut().for_each(|plugin| plugin.host_started(built, before));
    }

    /// Waits for news of a plugin. While nothing is expected, only ends of processes wake it. Cancel
    /// safe.
    pub(super) async fn news(&mut self) -> (String, News) {
        loop {
            for plugin in self.plugins.values_mut() {
                if let Some(news) = plugin.take_news() {
                    return (plugin.name(), news);
                }
            }
            let next = self.plugins.values().filter_map(|it| it.next_look(self.last_look)).min();
            let look = async {
                match next {
                    Some(at) => sleep_until(at).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = look => {}
                () = Member::any_ended(self.plugins.values().flat_map(Followed::serving)) => {}
            }
            self.look().await;
        }
    }

    async fn look(&mut self) {
        for plugin in self.plugins.values_mut() {
            plugin.note_ends();
            plugin.look().await;
        }
        self.last_look = Instant::now();
    }
}
