//! Counts the words and links of each page and of the site, as a plugin of the site
//! generator.
//!
//! The plugin's process keeps the counts of each page, so that a page that it gets twice
//! counts once. If the host configures a table, the counts are in that file at the end.

mod count;
mod table;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use count::Counts;
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
        Ok(Self { words_per_minute, table, pages: Mutex::default() })
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

goplug::main!(Stats);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_leaves_out_has_a_default() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!((config.words_per_minute.get(), config.table), (200, None));
        assert!(serde_json::from_str::<Config>(r#"{"words_per_minute": 0}"#).is_err());
    }
}
