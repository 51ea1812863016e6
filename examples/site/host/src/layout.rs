//! Writes pages to files, each with the navigation and the style sheet.

use std::fs;
use std::path::Path;

use anyhow::Context;
use site_contract::html::escape;
use site_contract::{Page, page_file};

use crate::source::Source;

const STYLE: &str = include_str!("style.css");

/// Writes the site: a file for each page, the style sheet, and the assets.
pub(crate) fn write(out: &Path, source: &Source, pages: &[Page]) -> anyhow::Result<()> {
    write_file(&out.join("style.css"), STYLE.as_bytes())?;
    for page in pages {
        let html = render(page, pages);
        write_file(&out.join(page_file(&page.path)), html.as_bytes())?;
    }
    for asset in &source.assets {
        let content =
            fs::read(source.root.join(asset)).with_context(|| format!("reading {asset}"))?;
        write_file(&out.join(asset), &content)?;
    }
    Ok(())
}

fn write_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    path.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(path, content))
        .with_context(|| format!("writing {}", path.display()))
}

/// The whole HTML page, with links to all pages.
fn render(page: &Page, pages: &[Page]) -> String {
    let file = page_file(&page.path);
    let up = "../".repeat(file.matches('/').count());
    let links: String = pages.iter().map(|other| link(other, page, &up)).collect();
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n\
         <link rel=\"stylesheet\" href=\"{up}style.css\">\n\
         </head>\n\
         <body>\n\
         <header><nav class=\"site\">\n{links}</nav></header>\n\
         <main>\n{body}</main>\n\
         <aside>\n{aside}</aside>\n\
         </body>\n\
         </html>\n",
        title = escape(&page.title),
        body = page.body,
        aside = page.aside,
    )
}

fn link(to: &Page, from: &Page, up: &str) -> String {
    let current = if to.path == from.path { " aria-current=\"page\"" } else { "" };
    format!(
        "<a href=\"{up}{file}\"{current}>{title}</a>\n",
        file = escape(&page_file(&to.path)),
        title = escape(&to.title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, title: &str) -> Page {
        Page {
            path: path.into(),
            title: title.into(),
            body: "<p>x</p>\n".into(),
            ..Page::default()
        }
    }

    #[test]
    fn a_page_links_to_all_pages_relative_to_its_folder() {
        let pages = [page("README.md", "Home"), page("docs/a.md", "A & B")];
        let html = render(&pages[1], &pages);
        assert!(html.contains("<title>A &amp; B</title>"), "{html}");
        assert!(html.contains("<a href=\"../index.html\">Home</a>"), "{html}");
        let current = "<a href=\"../docs/a.html\" aria-current=\"page\">A &amp; B</a>";
        assert!(html.contains(current), "{html}");
        assert!(html.contains("href=\"../style.css\""), "{html}");
    }

    #[test]
    fn a_site_is_one_file_for_each_page_the_style_and_the_assets() {
        let (root, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(root.path().join("x.png"), "png").unwrap();
        let source = Source {
            root: root.path().into(),
            pages: vec!["README.md".into(), "docs/a.md".into()],
            assets: vec!["x.png".into()],
        };
        write(out.path(), &source, &[page("README.md", "Home"), page("docs/a.md", "A")]).unwrap();
        for file in ["index.html", "docs/a.html", "style.css", "x.png"] {
            assert!(out.path().join(file).is_file(), "{file}");
        }
    }
}
