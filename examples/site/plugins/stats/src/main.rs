//! Counts the words and links of each page and of the site, as a plugin of the site
//! generator.
//!
//! The plugin's process keeps the counts of each page, so that a page that it gets twice
//! counts once. If the host configures a table, the counts are in that file at the end.

mod count;
mod log;
mod table;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use count::Counts;
use goplug::Stream;
use log::Log;
use schemars::JsonSchema;
use serde::Deserialize;
use site_contract::{Figure, Page, Stage, Transform, TransformError};
use table::Table;

/// What the host configures. The plugin describes it, so that a host refuses a value that does not
/// fit before it starts the plugin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// The words that a person reads in a minute.
    words_per_minute: NonZeroU64,
    /// The file that gets a line for each page, as comma-separated values. A relative path begins at
    /// the folder of the plugins.
    table: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self { words_per_minute: NonZeroU64::MIN.saturating_add(199), table: None }
    }
}

#[derive(Debug)]
struct Stats {
    words_per_minute: NonZeroU64,
    table: Option<Table>,
    pages: Mutex<BTreeMap<String, Counts>>,
    log: Log,
}

impl Stats {
    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[goplug::plugin(namespace = "site")]
impl Transform for Stats {
    /// Builds the plugin of what the host configures. A table that cannot be made is the error of the
    /// load.
    #[goplug::activate]
    async fn open(config: Option<Config>) -> anyhow::Result<Self> {
        let Config { words_per_minute, table } = config.unwrap_or_default();
        let table = table.map(Table::create).transpose()?;
        Ok(Self { words_per_minute, table, pages: Mutex::default(), log: Log::default() })
    }

    #[goplug::stop]
    fn write_table(&self) -> anyhow::Result<()> {
        self.table.as_ref().map_or(Ok(()), |table| table.write(&self.pages()))
    }

    fn stage(&self) -> Stage {
        Stage::Measure
    }

    async fn transform(&self, page: Page) -> Result<Page, TransformError> {
        let counts = count::count(&page.body);
        let text = counts.describe(self.words_per_minute);
        let aside = format!("{}<p class=\"counts\">{text}</p>\n", page.aside);
        self.pages().insert(page.path.clone(), counts);
        self.log.push(format!("{}: {text}", page.path));
        // The page does not fail if no host listens.
        self.progress(&page.path, 100).await.ok();
        Ok(Page { aside, ..page })
    }

    fn summary(&self) -> Vec<Figure> {
        let pages = self.pages();
        let total: Counts = pages.values().sum();
        vec![
            Figure::new("pages", pages.len() as u64),
            Figure::new("words", total.words),
            Figure::new("links within the site", total.inner_links),
            Figure::new("links to elsewhere", total.outer_links),
        ]
    }
}

/// A line for each page that was counted, and with `follow` for those that come. It is no part of the
/// contract: for people, with `curl -N`.
#[goplug::method(Stats)]
fn tail(stats: &Stats, follow: bool) -> impl Stream<Item = String> {
    stats.log.lines(follow)
}

goplug::main!(Stats);

#[cfg(test)]
mod tests {
    use goplug::testing::InProcess;
    use site_contract::TransformClient;

    use super::*;

    #[tokio::test]
    async fn the_log_has_the_pages_so_far_and_those_that_come() {
        let plugin = InProcess::<Stats>::unloaded();
        plugin.load(&()).await.unwrap();
        let transform: TransformClient<_> = plugin.client().unwrap();
        let stats: StatsClient<_> = plugin.client().unwrap();
        let page =
            |path: &str| Page { path: path.into(), body: "two words".into(), ..Page::default() };
        transform.transform(page("a.md")).await.unwrap();
        let mut log = stats.tail(true).await.unwrap();
        let expected = "2 words, 1 minute to read, 0 links";
        assert_eq!(log.next().await.unwrap().unwrap(), format!("a.md: {expected}"));
        transform.transform(page("b.md")).await.unwrap();
        assert_eq!(log.next().await.unwrap().unwrap(), format!("b.md: {expected}"));
        let mut so_far = stats.tail(false).await.unwrap();
        assert!(so_far.next().await.is_some() && so_far.next().await.is_some());
        assert!(so_far.next().await.is_none());
    }

    #[test]
    fn what_the_host_leaves_out_has_a_default() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!((config.words_per_minute.get(), config.table), (200, None));
        assert!(serde_json::from_str::<Config>(r#"{"words_per_minute": 0}"#).is_err());
    }
}
