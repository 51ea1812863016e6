//! What the site generator and its page transforms agree on.
//!
//! This crate is all that the two sides share. A transform depends on it to implement
//! [`Transform`], and the generator to call transforms through the generated
//! `TransformClient`; neither depends on the other. Transforms in other languages follow the
//! same contract: the names and types below are the JSON on the wire.

pub mod html;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One page on its way from Markdown to a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// The source file, relative to the project: `docs/protocol.md`.
    pub path: String,
    /// The title, as plain text.
    pub title: String,
    /// The content: Markdown before [`Stage::Render`], HTML from there on.
    pub body: String,
    /// The sidebar, as HTML.
    pub aside: String,
}

/// When a transform runs. Within a stage, transforms run in the order of their names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Stage {
    /// Renders Markdown to HTML.
    Render,
    /// Adds structure to the HTML: identifiers, navigation.
    Structure,
    /// Changes the visible text.
    Polish,
    /// Measures the finished page.
    Measure,
}

/// A number that a transform has counted over all pages so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// The name of what was counted, for example `words`.
    pub label: String,
    /// The number.
    pub value: u64,
}

impl Figure {
    /// A figure of this label and value.
    pub fn new(label: &str, value: u64) -> Self {
        Self { label: label.into(), value }
    }
}

/// Why a transform failed on a page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
pub enum TransformError {
    /// The page's Markdown is at fault.
    #[error("line {line}: {reason}")]
    Markdown {
        /// The line of the source, from 1.
        line: usize,
        /// What is wrong there, as readable text.
        reason: String,
    },
    /// The page's HTML is at fault.
    #[error("{reason}")]
    Html {
        /// What is wrong, as readable text.
        reason: String,
    },
}

/// The file of the page that a Markdown file becomes: `docs/a.html` for `docs/a.md`, and
/// `index.html` in the same folder for a README.
pub fn page_file(source: &str) -> String {
    let stem = source.strip_suffix(".md").unwrap_or(source);
    match stem.strip_suffix("README") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("{folder}index.html"),
        _ => format!("{stem}.html"),
    }
}

/// A page transform: the contract of every plugin of the site generator.
#[goplug::plugin]
pub trait Transform {
    /// The stage in which this plugin runs.
    #[goplug::method]
    fn stage(&self) -> Stage;

    /// Transforms a page.
    ///
    /// # Errors
    /// What is wrong with the page.
    #[goplug::method]
    async fn transform(&self, page: Page) -> Result<Page, TransformError>;

    /// The figures over all pages so far; may be empty.
    #[goplug::method]
    fn summary(&self) -> Vec<Figure>;

    /// The progress of the work on a page, in percent.
    #[goplug::callback]
    async fn progress(&self, page: &str, percent: u8) -> goplug::Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_in_the_folder_of_its_source() {
        assert_eq!(page_file("README.md"), "index.html");
        assert_eq!(page_file("docs/README.md"), "docs/index.html");
        assert_eq!(page_file("docs/protocol.md"), "docs/protocol.html");
    }

    #[test]
    fn a_name_that_ends_in_readme_is_no_readme() {
        assert_eq!(page_file("MY_README.md"), "MY_README.html");
    }
}
