//! Markdown to HTML, as a plugin of the site generator.

mod render;

use std::sync::atomic::{AtomicU64, Ordering};

use site_contract::{Figure, Page, Stage, Transform, TransformError};

#[derive(Debug, Default)]
struct Markdown {
    code_blocks: AtomicU64,
}

#[goplug::plugin(namespace = "site")]
impl Transform for Markdown {
    fn stage(&self) -> Stage {
        Stage::Render
    }

    async fn transform(&self, page: Page) -> Result<Page, TransformError> {
        let document = render::parse(&page.body)?;
        // The page does not fail if no host listens.
        self.progress(&page.path, 50).await.ok();
        self.code_blocks.fetch_add(document.code_blocks, Ordering::Relaxed);
        let title = document.title.clone().unwrap_or_else(|| page.title.clone());
        let body = document.into_html();
        self.progress(&page.path, 100).await.ok();
        Ok(Page { title, body, ..page })
    }

    fn summary(&self) -> Vec<Figure> {
        vec![Figure::new("code blocks", self.code_blocks.load(Ordering::Relaxed))]
    }
}

goplug::main!(Markdown);
