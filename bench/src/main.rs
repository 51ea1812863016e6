//! Measures what a call into another process costs: goplug, the bare socket under it, and
//! its neighbours, in one run on one machine.
//!
//! This one program is every process that takes part. Without a role it only directs: each
//! sample is taken by a fresh process of it, the host, which starts another one, the peer's
//! other end. So nothing that one peer leaves behind is there when the next is measured.

#![allow(clippy::print_stdout, reason = "what this program is for")]

mod chart;
mod director;
mod machine;
mod peers;
mod placement;
mod report;
mod roles;
mod rows;
mod stats;
mod tables;

use std::path::PathBuf;
use std::process::ExitCode;

use director::Plan;
use peers::PeerName;
use placement::Placement;
use rows::{Row, Scale};

const USAGE: &str = "usage: goplug-bench [--short] [--out DIR] [NAME]...

  --short    fewer and shorter rounds: at most 5 minutes
  --out DIR  where results.md, .json and .svg go; default: results, beside the program's source

A NAME is a row, a peer or a placement; where some of a kind are named, only these are
measured.
";

fn main() -> ExitCode {
    if let Err(error) = placement::take_seat() {
        eprintln!("taking the place that was assigned: {error:#}");
        return ExitCode::FAILURE;
    }
    // Whoever a registry starts as a plugin does not get beyond this.
    goplug::embed!(peers::Adder);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(played) = roles::named(&arguments) {
        return played;
    }
    let directed = match plan(&arguments) {
        Ok(plan) => director::run(&plan),
        Err(fault) => {
            let names = |names: &[&str]| names.join(" ");
            eprintln!("{fault}\n\n{USAGE}");
            eprintln!("rows:       {}", names(&Row::ALL.map(Row::name)));
            eprintln!("peers:      {}", names(&PeerName::ALL.map(PeerName::name)));
            eprintln!("placements: {}", names(&Placement::ALL.map(Placement::name)));
            return ExitCode::from(2);
        }
    };
    match directed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn plan(arguments: &[String]) -> Result<Plan, String> {
    let mut plan = Plan {
        scale: Scale::Full,
        rows: Vec::new(),
        peers: Vec::new(),
        placements: Vec::new(),
        out: PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("results"),
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = argument.as_str();
        if name == "--short" {
            plan.scale = Scale::Short;
        } else if name == "--out" {
            plan.out = arguments.next().ok_or("--out needs a folder")?.into();
        } else if let Some(row) = Row::named(name) {
            plan.rows.push(row);
        } else if let Some(peer) = PeerName::named(name) {
            plan.peers.push(peer);
        } else if let Some(placement) = Placement::named(name) {
            plan.placements.push(placement);
        } else {
            return Err(format!("{name:?} is neither an option nor a name"));
        }
    }
    if plan.rows.is_empty() {
        plan.rows.extend(Row::ALL);
    }
    if plan.peers.is_empty() {
        plan.peers.extend(PeerName::ALL);
    }
    if plan.placements.is_empty() {
        plan.placements.extend(Placement::ALL);
    }
    Ok(plan)
}
