//! What was measured, and the files that keep it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::chart;
use crate::machine::Machine;
use crate::peers::PeerName;
use crate::placement::Placement;
use crate::rows::{Row, Scale};
use crate::stats::{median, spread};
use crate::tables;

/// What everything is compared with.
const BASELINE: PeerName = PeerName::Tokio;

/// The samples of one peer, one for each round.
pub(crate) struct Samples {
    pub(crate) peer: PeerName,
    rounds: Vec<Result<Vec<f64>>>,
}

impl Samples {
    pub(crate) fn of(peer: PeerName) -> Self {
        Self { peer, rounds: Vec::new() }
    }

    pub(crate) fn add(&mut self, sample: Result<Vec<f64>>) {
        self.rounds.push(sample);
    }

    /// One of the numbers of each sample; `NaN` of one that failed.
    fn figure(&self, index: usize) -> Vec<f64> {
        let number = |sample: &Result<Vec<f64>>| Some(*sample.as_ref().ok()?.get(index)?);
        self.rounds.iter().map(|sample| number(sample).unwrap_or(f64::NAN)).collect()
    }

    fn failures(&self) -> impl Iterator<Item = &anyhow::Error> {
        self.rounds.iter().filter_map(|sample| sample.as_ref().err())
    }
}

/// One number of one peer in one placement.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) row: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) placement: &'static str,
    pub(crate) peer: &'static str,
    /// The median over the rounds.
    pub(crate) median: f64,
    /// How far the middle half of the rounds reaches, as a share of the median.
    pub(crate) spread: f64,
    /// The median over the rounds of the ratio to the bare tokio socket of the same round.
    pub(crate) ratio: Option<f64>,
    pub(crate) rounds: Vec<f64>,
}

/// What was not measured, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Skipped {
    pub(crate) what: String,
    pub(crate) why: String,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) scale: &'static str,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) cells: Vec<Cell>,
    pub(crate) skipped: Vec<Skipped>,
}

impl Report {
    pub(crate) fn new(machine: Machine, scale: Scale) -> Self {
        let (name, rounds) = (scale.name(), scale.rounds());
        Self { machine, scale: name, rounds, seconds: 0, cells: Vec::new(), skipped: Vec::new() }
    }

    pub(crate) fn skip(&mut self, what: &str, why: impl std::fmt::Display) {
        self.skipped.push(Skipped { what: what.into(), why: format!("{why:#}") });
    }

    /// Enters the samples of a row in one placement.
    pub(crate) fn enter(&mut self, row: Row, placement: Placement, samples: Vec<Samples>) {
        for samples in &samples {
            let mut failures = samples.failures();
            if let Some(first) = failures.next() {
                let count = 1 + failures.count();
                let peer = samples.peer.title();
                let what = format!("{peer}: {}, {}", row.name(), placement.title());
                self.skip(&what, format!("{count} samples failed, the first thus: {first:#}"));
            }
        }
        for (index, figure) in row.figures().iter().enumerate() {
            let bare = samples.iter().find(|samples| samples.peer == BASELINE);
            let bare = bare.map(|samples| samples.figure(index));
            for samples in &samples {
                let all = samples.figure(index);
                let ratios = bare.iter().flat_map(|bare| all.iter().zip(bare).map(|(a, b)| a / b));
                let ratios = finite(ratios);
                let rounds = finite(all.iter().copied());
                if rounds.is_empty() {
                    continue;
                }
                self.cells.push(Cell {
                    row: row.name(),
                    figure: figure.title,
                    unit: figure.unit,
                    placement: placement.name(),
                    peer: samples.peer.title(),
                    median: median(&rounds),
                    spread: spread(&rounds),
                    ratio: (!ratios.is_empty()).then(|| median(&ratios)),
                    rounds,
                });
            }
        }
    }

    pub(crate) fn finish(&mut self, took: Duration) {
        self.seconds = took.as_secs();
    }

    pub(crate) fn to_markdown(&self) -> String {
        tables::of(self)
    }

    /// Writes the files.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let write = |name: &str, content: String| {
            let path = folder.join(name);
            std::fs::write(&path, content).with_context(|| path.display().to_string())
        };
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        write("results.md", self.to_markdown())?;
        write("results.svg", chart::of(self))?;
        write("results.json", serde_json::to_string_pretty(self)? + "\n")
    }
}

fn finite(values: impl Iterator<Item = f64>) -> Vec<f64> {
    values.filter(|value| value.is_finite()).collect()
}
