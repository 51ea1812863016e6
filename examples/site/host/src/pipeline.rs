//! Runs each page through all plugins, in the order of their stages.
//!
//! Where a plugin fails on a page, the page and the reason are recorded, and the next page
//! follows. So it is where a plugin crashes: it is loaded again before the next page.

use std::time::{Duration, Instant};

use anyhow::Context;
use goplug::CallError;
use site_contract::{Figure, Page, Stage, TransformError};

use crate::plugins::{Plugins, Transformer};
use crate::progress::Progress;
use crate::source::Source;

/// The results for all pages.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The pages that went through all plugins.
    pub(crate) pages: Vec<Page>,
    /// The pages that failed.
    pub(crate) failures: Vec<Failure>,
    /// The work of each plugin.
    pub(crate) work: Vec<Work>,
}

/// A page that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The source file.
    pub(crate) path: String,
    /// The plugin that failed; `None` if the file could not be read.
    pub(crate) plugin: Option<String>,
    /// Why, as readable text.
    pub(crate) reason: String,
}

/// The work of one plugin.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) stage: Stage,
    /// Pages done, and pages that failed.
    pub(crate) pages: u64,
    pub(crate) failed: u64,
    /// How often it called back.
    pub(crate) reports: u64,
    /// The total duration of its calls.
    pub(crate) took: Duration,
    /// The figures that it reported.
    pub(crate) figures: Vec<Figure>,
}

impl Work {
    pub(crate) fn new(name: &str, stage: Stage) -> Self {
        Self {
            name: name.into(),
            stage,
            pages: 0,
            failed: 0,
            reports: 0,
            took: Duration::ZERO,
            figures: Vec::new(),
        }
    }
}

/// Runs all pages through all plugins.
pub(crate) async fn run(plugins: &Plugins, source: &Source) -> anyhow::Result<Outcome> {
    let transformers = plugins.transformers();
    let progress = Progress::new(source.pages.len(), transformers.len());
    let mut listening = Vec::new();
    for (index, transformer) in transformers.iter().enumerate() {
        let progress = progress.clone();
        let report = move |page: String, percent: u8| {
            progress.report(index, &page, percent);
            std::future::ready(())
        };
        listening.push(transformer.client.on_progress(report).await?);
    }

    let work = transformers.iter().map(|t| Work::new(&t.name, t.stage)).collect();
    let mut outcome = Outcome { pages: Vec::new(), failures: Vec::new(), work };
    for (index, path) in source.pages.iter().enumerate() {
        let page = page(plugins, source, (index, path), &progress, &mut outcome.work).await;
        progress.page_done(path, page.is_ok());
        match page {
            Ok(page) => outcome.pages.push(page),
            Err(failure) => outcome.failures.push(failure),
        }
    }

    let done: Vec<_> = outcome.work.iter().map(|work| work.pages).collect();
    let reports = progress.reports(&done).await;
    for ((work, transformer), reports) in outcome.work.iter_mut().zip(transformers).zip(reports) {
        work.reports = reports;
        work.figures = transformer
            .client
            .summary()
            .await
            .with_context(|| format!("asking {} for its figures", work.name))?;
    }
    progress.clear();
    Ok(outcome)
}

/// Runs one page through all plugins.
async fn page(
    plugins: &Plugins,
    source: &Source,
    (index, path): (usize, &str),
    progress: &Progress,
    work: &mut [Work],
) -> Result<Page, Failure> {
    let body = std::fs::read_to_string(source.root.join(path)).map_err(|error| Failure {
        path: path.into(),
        plugin: None,
        reason: format!("it cannot be read: {error}"),
    })?;
    let mut page = Page { path: path.into(), title: path.into(), body, aside: String::new() };
    for (turn, (transformer, work)) in plugins.transformers().iter().zip(work).enumerate() {
        progress.begin((index, path), (turn, &transformer.name));
        let start = Instant::now();
        let outcome = transformer.client.transform(page).await;
        work.took += start.elapsed();
        match outcome {
            Ok(changed) => {
                work.pages += 1;
                page = changed;
            }
            Err(error) => {
                work.failed += 1;
                let reason = explain(plugins, transformer, error).await;
                return Err(Failure {
                    path: path.into(),
                    plugin: Some(transformer.name.clone()),
                    reason,
                });
            }
        }
    }
    Ok(page)
}

/// Says why a page failed, and loads the plugin again if it crashed.
async fn explain(
    plugins: &Plugins,
    transformer: &Transformer,
    error: CallError<TransformError>,
) -> String {
    match error {
        CallError::Method(error) => error.to_string(),
        CallError::Goplug(error) => match plugins.reload_crashed(transformer).await {
            Ok(()) => error.to_string(),
            Err(again) => format!("{error}; starting it again: {again}"),
        },
    }
}
