//! Finds dead links in a site that has been written.
//!
//! A document may link to a source file, which readers of the repository have and readers of
//! the site have not. That is reported, but it is no failure.

use std::collections::BTreeSet;
use std::path::Path;

use site_contract::html::{tokens, unescape};
use site_contract::{Page, page_file};

/// A link to a file that is not part of the site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeadLink {
    /// The source file of the page that has the link.
    pub(crate) page: String,
    /// The target, as it is written in the page.
    pub(crate) to: String,
}

/// The links of these pages whose target is no file of the site in `out`.
pub(crate) fn dead(out: &Path, pages: &[Page]) -> Vec<DeadLink> {
    let mut found = BTreeSet::new();
    for page in pages {
        let file = out.join(page_file(&page.path));
        let folder = file.parent().unwrap_or(out);
        for link in tokens(&page.body).filter_map(|t| t.attribute("href").or(t.attribute("src"))) {
            let link = unescape(link);
            if relative_file(&link).is_some_and(|target| !folder.join(target).exists()) {
                found.insert(DeadLink { page: page.path.clone(), to: link });
            }
        }
    }
    found.into_iter().collect()
}

/// The file that a link names; `None` for a link to another site or within the page.
fn relative_file(link: &str) -> Option<&str> {
    let file = link.split(['#', '?']).next()?;
    let first = file.split('/').next()?;
    (!first.is_empty() && !first.contains(':')).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_that_are_not_there_are_dead() {
        let out = tempfile::tempdir().unwrap();
        std::fs::create_dir(out.path().join("docs")).unwrap();
        std::fs::write(out.path().join("index.html"), "x").unwrap();
        let body = "<a href=\"../index.html#a\">x</a> <a href=\"../src/lib.rs\">y</a> \
                    <a href=\"https://example.org/z\">z</a> <a href=\"#here\">h</a> \
                    <a href=\"/root\">r</a> <img src=\"no.png\" /> <a href=\"../src/lib.rs\">y</a>";
        let page = Page { path: "docs/a.md".into(), body: body.into(), ..Page::default() };
        let links: Vec<_> = dead(out.path(), &[page]).into_iter().map(|link| link.to).collect();
        assert_eq!(links, ["../src/lib.rs", "no.png"]);
    }
}
