//! What the site generator and its page transforms agree on.
//!
//! This crate is all that the two sides share. A transform depends on it to fulfil
//! [`Transform`], the generator to call it through the generated `TransformClient`;
//! neither knows the other. Transforms in other languages follow the same contract by
//! the names and types below, which are what travels as JSON.

pub mod html;

use serde::{Deserialize, Serialize};

/// One page on its way from Markdown to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The source file, relative to the project: `docs/protocol.md`.
    pub path: String,
    /// The title, as plain text.
    pub title: String,
    /// The content: Markdown before [`Stage::Render`], HTML from there on.
    pub body: String,
    /// What stands beside the content, as HTML.
    pub aside: String,
}

/// When a transform's turn comes. Within a stage, transforms run by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// It makes HTML of Markdown.
    Render,
    /// It gives the HTML structure: identifiers, navigation.
    Structure,
    /// It changes the text that people read.
    Polish,
    /// It looks at the outcome.
    Measure,
}

/// Something that a transform has counted over all pages so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// What was counted: `words`.
    pub label: String,
    /// How many.
    pub value: u64,
}

impl Figure {
    /// This many of these.
    pub fn new(label: &str, value: u64) -> Self {
        Self { label: label.into(), value }
    }
}

/// Why a transform cannot do a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum TransformError {
    /// The page's Markdown is at fault.
    #[error("line {line}: {reason}")]
    Markdown {
        /// The line of the source, from 1.
        line: usize,
        /// What is wrong there, for people.
        reason: String,
    },
    /// The page's HTML is at fault.
    #[error("{reason}")]
    Html {
        /// What is wrong, for people.
        reason: String,
    },
}

/// Where the page of a Markdown file is: `docs/a.md` at `docs/a.html`, and a README at
/// the index of its folder.
pub fn page_file(source: &str) -> String {
    let stem = source.strip_suffix(".md").unwrap_or(source);
    match stem.strip_suffix("README") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("{folder}index.html"),
        _ => format!("{stem}.html"),
    }
}

/// A page transform: what every plugin of the site generator does.
#[goplug::plugin]
pub trait Transform {
    /// When this plugin's turn comes.
    #[goplug::method]
    fn stage(&self) -> Stage;

    /// Takes a page and gives it back changed.
    ///
    /// # Errors
    /// What is wrong with the page.
    #[goplug::method]
    async fn transform(&self, page: Page) -> Result<Page, TransformError>;

    /// What it counted over all pages so far; may be nothing.
    #[goplug::method]
    fn summary(&self) -> Vec<Figure>;

    /// How far the work on a page has come, in percent.
    #[goplug::callback]
    async fn progress(&self, page: &str, percent: u8) -> goplug::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_where_its_source_was() {
        assert_eq!(page_file("README.md"), "index.html");
        assert_eq!(page_file("docs/README.md"), "docs/index.html");
        assert_eq!(page_file("docs/protocol.md"), "docs/protocol.html");
    }

    #[test]
    fn a_name_that_ends_in_readme_is_no_readme() {
        assert_eq!(page_file("MY_README.md"), "MY_README.html");
    }
}
