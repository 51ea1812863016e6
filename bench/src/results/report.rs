//! A run as numbers: the median of each figure, and its ratio to the bare tokio socket.

use serde::Serialize;

use super::machine::Machine;
use crate::matrix::{Entry, Measurement, Outcome, Samples, Skipped};
use crate::vocabulary::stats::{median, spread};
use crate::vocabulary::{PeerName, Scale};

/// The peer that all others are compared with.
const BASELINE: PeerName = PeerName::Tokio;

/// A whole run. Its fields are those of `results.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) scale: &'static str,
    pub(crate) rounds: usize,
    pub(crate) seconds: u64,
    pub(crate) cells: Vec<Cell>,
    pub(crate) skipped: Vec<Skipped>,
}

/// One figure of one peer in one placement.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    pub(crate) row: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) placement: &'static str,
    pub(crate) peer: &'static str,
    /// The median over the rounds.
    pub(crate) median: f64,
    /// The interquartile range over the rounds, as a share of the median.
    pub(crate) spread: f64,
    /// The median over the rounds of the ratio to the bare tokio socket in the same round.
    /// `None` if the bare tokio socket was not measured.
    pub(crate) ratio: Option<f64>,
    pub(crate) rounds: Vec<f64>,
}

impl Report {
    /// The report on a run of this scale.
    pub(crate) fn new(machine: Machine, scale: Scale, outcome: Outcome) -> Self {
        let mut report = Self {
            machine,
            scale: scale.name(),
            rounds: scale.rounds(),
            seconds: outcome.elapsed.as_secs(),
            cells: Vec::new(),
            skipped: Vec::new(),
        };
        for entry in outcome.entries {
            match entry {
                Entry::Measured(measurement) => report.add(&measurement),
                Entry::Skipped(skipped) => report.skipped.push(skipped),
            }
        }
        report
    }

    fn add(&mut self, measurement: &Measurement) {
        let Measurement { row, placement, peers } = measurement;
        for samples in peers {
            let mut failures = samples.rounds.iter().filter_map(|sample| sample.as_ref().err());
            if let Some(first) = failures.next() {
                let count = 1 + failures.count();
                let peer = samples.peer.title();
                let what = format!("{peer}: {}, {}", row.name(), placement.title());
                let why = format!("{count} samples failed, the first thus: {first:#}");
                self.skipped.push(Skipped::new(what, why));
            }
        }
        for index in 0..row.figures().len() {
            let baseline = peers.iter().find(|samples| samples.peer == BASELINE);
            let baseline = baseline.map(|samples| values(samples, index));
            let cells = peers
                .iter()
                .filter_map(|samples| cell(measurement, index, samples, baseline.as_deref()));
            self.cells.extend(cells);
        }
    }
}

/// One figure of one peer. `None` if all its samples failed.
fn cell(
    measurement: &Measurement,
    figure: usize,
    samples: &Samples,
    baseline: Option<&[f64]>,
) -> Option<Cell> {
    let values = values(samples, figure);
    let ratios = baseline.iter().flat_map(|baseline| values.iter().zip(*baseline));
    let ratios = finite(ratios.map(|(value, baseline)| value / baseline));
    let rounds = finite(values.iter().copied());
    if rounds.is_empty() {
        return None;
    }
    let Measurement { row, placement, .. } = measurement;
    let figure = row.figures()[figure];
    Some(Cell {
        row: row.name(),
        figure: figure.title,
        unit: figure.unit,
        placement: placement.name(),
        peer: samples.peer.title(),
        median: median(&rounds),
        spread: spread(&rounds),
        ratio: (!ratios.is_empty()).then(|| median(&ratios)),
        rounds,
    })
}

/// One figure in each round. `NaN` for a sample that failed, so that the rounds of two peers
/// can be compared.
fn values(samples: &Samples, figure: usize) -> Vec<f64> {
    let value = |sample: &anyhow::Result<Vec<f64>>| Some(*sample.as_ref().ok()?.get(figure)?);
    samples.rounds.iter().map(|sample| value(sample).unwrap_or(f64::NAN)).collect()
}

fn finite(values: impl Iterator<Item = f64>) -> Vec<f64> {
    values.filter(|value| value.is_finite()).collect()
}
