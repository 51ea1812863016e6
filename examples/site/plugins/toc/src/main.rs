//! A table of contents for each page, as a plugin of the site generator.

mod headings;

use site_contract::{Figure, Page, Stage, Transform, TransformError};

#[derive(Debug, Default)]
struct Toc;

#[goplug::plugin(namespace = "site")]
impl Transform for Toc {
    fn stage(&self) -> Stage {
        Stage::Structure
    }

    async fn transform(&self, page: Page) -> Result<Page, TransformError> {
        let (body, headings) = headings::identify(&page.body)?;
        // The page does not fail if no host listens.
        self.progress(&page.path, 50).await.ok();
        let aside = page.aside + &headings::list(&headings);
        self.progress(&page.path, 100).await.ok();
        Ok(Page { body, aside, path: page.path, title: page.title })
    }

    fn summary(&self) -> Vec<Figure> {
        Vec::new()
    }
}

goplug::main!(Toc);
