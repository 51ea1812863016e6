//! A plugin that is built alone. The host in `tests/foreign/host` has only what it describes.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use goplug::{Bytes, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a report looks like.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// How many pages at most.
    #[serde(default = "ten")]
    pub max_pages: u32,
    /// What is drawn on each page.
    pub shape: Option<Shape>,
}

fn ten() -> u32 {
    10
}

/// A drawing.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "kind")]
pub enum Shape {
    /// Round.
    Circle {
        /// In points.
        radius: f64,
    },
    /// Lines from point to point.
    Path {
        /// Where it goes.
        points: Vec<(i32, i32)>,
    },
}

/// A page of a report.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Page {
    /// In Markdown.
    pub text: String,
    /// What is drawn on it.
    pub shape: Option<Shape>,
    /// The notes by their numbers.
    pub notes: BTreeMap<u32, String>,
    /// The page after it.
    pub next: Option<Box<Page>>,
}

/// Why there is no report.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub enum ReportError {
    /// The title is empty.
    NoTitle,
    /// The title does not fit.
    TooLong {
        /// How many characters fit.
        most: u32,
    },
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTitle => f.write_str("there is no title"),
            Self::TooLong { most } => write!(f, "a title has at most {most} characters"),
        }
    }
}

/// How far something has come.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Progress {
    /// What is done.
    pub done: u32,
    /// What there is to do.
    pub all: u32,
}

/// An answer to a question.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// Do it.
    DoIt,
    /// Leave it.
    LeaveIt,
}

/// Makes reports.
#[goplug::plugin(namespace = "acme")]
pub struct Report;

/// Makes a report.
#[goplug::method(Report, name = "make-report", idempotent)]
pub fn make_report(
    title: &str,
    #[goplug(name = "dryRun")] dry_run: bool,
    options: Option<Options>,
) -> Result<Page, ReportError> {
    let options = options.unwrap_or(Options { max_pages: ten(), shape: None });
    match title {
        "" => Err(ReportError::NoTitle),
        title if title.len() > 20 => Err(ReportError::TooLong { most: 20 }),
        title => Ok(Page {
            text: format!("# {title}"),
            shape: options.shape,
            notes: BTreeMap::from([(options.max_pages, format!("dry: {dry_run}"))]),
            next: Some(Box::new(Page {
                text: "The end.".into(),
                shape: None,
                notes: BTreeMap::new(),
                next: None,
            })),
        }),
    }
}

/// The pages of a report, one after the other, and an error behind the last that there is.
#[goplug::method(Report)]
pub fn pages(
    title: &str,
    count: u32,
) -> Result<impl Stream<Item = Result<Page, ReportError>>, ReportError> {
    if title.is_empty() {
        return Err(ReportError::NoTitle);
    }
    Ok(Items((1..=count).map(move |number| match number {
        1..=3 => Ok(Page {
            text: format!("{title}, page {number}"),
            shape: None,
            notes: BTreeMap::new(),
            next: None,
        }),
        _ => Err(ReportError::TooLong { most: 3 }),
    })))
}

/// The items of an iterator, as a stream.
struct Items<I>(I);

impl<I: Iterator + Unpin> Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// Counts up to a number, and says how far it has come.
#[goplug::method(Report)]
pub async fn count(up_to: u32) -> goplug::Result<u32> {
    for done in 1..=up_to {
        progress(Progress { done, all: up_to }).await?;
    }
    Ok(up_to)
}

/// Asks the host.
#[goplug::method(Report)]
pub async fn decide(question: &str) -> goplug::Result<Choice> {
    choose(question, vec![Choice::DoIt, Choice::LeaveIt]).await
}

/// Turns bytes around.
#[goplug::method(Report)]
pub fn reverse(body: Bytes) -> Bytes {
    body.iter().rev().copied().collect()
}

/// How far it has come.
#[goplug::callback(Report)]
pub async fn progress(progress: Progress) -> goplug::Result<()>;

/// Asks for a choice.
#[goplug::callback(Report)]
pub async fn choose(question: &str, choices: Vec<Choice>) -> goplug::Result<Choice>;

goplug::main!(Report);
