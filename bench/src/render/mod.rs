//! A report as Markdown tables and as an SVG chart, and the files of both.
//!
//! This room imports from `vocabulary` and `results`. Start reading at
//! [`tables`].

mod chart;
mod files;
mod number;
mod tables;

pub(crate) use self::files::write;
pub(crate) use self::tables::markdown;
