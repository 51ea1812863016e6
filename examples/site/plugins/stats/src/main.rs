//! Counts the words and links of each page and of the site, as a plugin of the site
//! generator.
//!
//! The plugin's process keeps the counts of each page, so that a page that it gets twice
//! counts once.

mod count;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use count::Counts;
use site_contract::{Figure, Page, Stage, Transform, TransformError};

#[derive(Debug, Default)]
struct Stats {
    pages: Mutex<BTreeMap<String, Counts>>,
}

impl Stats {
    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Counts>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[goplug::plugin(namespace = "site")]
impl Transform for Stats {
    fn stage(&self) -> Stage {
        Stage::Measure
    }

    async fn transform(&self, page: Page) -> Result<Page, TransformError> {
        let counts = count::count(&page.body);
        let aside = format!("{}<p class=\"counts\">{counts}</p>\n", page.aside);
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
