//! What the arguments mean.

use std::path::PathBuf;

use crate::matrix::Plan;
use crate::vocabulary::{PeerName, Placement, RowName, Scale};

pub(super) const USAGE: &str = "usage: goplug-bench [--short] [--check] [--out DIR] [NAME]...

  --short    fewer and shorter rounds, and no builds from scratch: at most 5 minutes
  --check    only count instructions, of goplug unless peers are named, and fail if there are
             more than recorded
  --out DIR  the folder of results.md, .json and .svg, and of the recorded counts,
             instructions.json; default: results, beside the program's source

A NAME is a row, a peer or a placement; if some of a kind are named, only these are
measured. A run without names writes its results. A run with names prints them, and writes
them only with --out. A full run, and a run that names the row of instructions, record the
counts.
";

/// The parsed arguments.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) plan: Plan,
    /// Where results are written and instruction counts are recorded. `None` for the folder in
    /// the repository.
    pub(super) out: Option<PathBuf>,
    /// Whether to only compare instruction counts with the recorded ones.
    pub(super) check: bool,
}

/// Parses the arguments.
///
/// # Errors
/// An argument is neither an option nor a name. The error says which.
pub(super) fn parse(arguments: &[String]) -> Result<Options, String> {
    let plan =
        Plan { scale: Scale::Full, rows: Vec::new(), peers: Vec::new(), placements: Vec::new() };
    let mut options = Options { plan, out: None, check: false };
    let plan = &mut options.plan;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = argument.as_str();
        if name == "--short" {
            plan.scale = Scale::Short;
        } else if name == "--check" {
            options.check = true;
        } else if name == "--out" {
            options.out = Some(arguments.next().ok_or("--out needs a folder")?.into());
        } else if let Some(row) = RowName::from_name(name) {
            plan.rows.push(row);
        } else if let Some(peer) = PeerName::from_name(name) {
            plan.peers.push(peer);
        } else if let Some(placement) = Placement::from_name(name) {
            plan.placements.push(placement);
        } else {
            return Err(format!("{name:?} is neither an option nor a name"));
        }
    }
    if options.check {
        plan.rows = vec![RowName::Instructions];
        if plan.peers.is_empty() {
            plan.peers.push(PeerName::Goplug);
        }
    }
    Ok(options)
}
