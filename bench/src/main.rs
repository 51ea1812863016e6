//! Measures what a call into another process costs: goplug, the bare socket under it, and
//! its neighbours, in one run on one machine.
//!
//! This one program is every process that takes part. Without a role it only directs: each
//! sample is taken by a fresh process of it, the host, which starts another one, the peer's
//! other end. So nothing that one peer leaves behind is there when the next is measured.

#![allow(clippy::print_stdout, reason = "what this program is for")]

mod chart;
mod director;
mod kept;
mod machine;
mod peers;
mod placement;
mod programs;
mod report;
mod roles;
mod rows;
mod stats;
mod tables;

use std::process::ExitCode;

use director::Plan;
use peers::PeerName;
use placement::Placement;
use rows::{Row, Scale};

const USAGE: &str = "usage: goplug-bench [--short] [--check] [--out DIR] [NAME]...

  --short    fewer and shorter rounds, and no build from nothing: at most 5 minutes
  --check    count instructions, of goplug unless peers are named, and fail where there are
             more than are kept
  --out DIR  where results.md, .json and .svg go, and where the kept counts are in
             instructions.json; default: results, beside the program's source

A NAME is a row, a peer or a placement; where some of a kind are named, only these are
measured. A run without names writes its results; one with names prints them, and writes
them where --out is given. Counts of instructions are kept by a full run, and by one that
names that row.
";

fn main() -> ExitCode {
    if let Err(error) = placement::take_seat() {
        eprintln!("taking the place that was assigned: {error:#}");
        return ExitCode::FAILURE;
    }
    // Whoever a registry starts as a plugin does not get beyond this.
    goplug::embed!(peers::Adder, peers::Second, peers::Third, peers::Fourth);
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
        out: None,
        checks: false,
    };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let name = argument.as_str();
        if name == "--short" {
            plan.scale = Scale::Short;
        } else if name == "--check" {
            plan.checks = true;
        } else if name == "--out" {
            plan.out = Some(arguments.next().ok_or("--out needs a folder")?.into());
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
    if plan.checks {
        plan.rows = vec![Row::Instructions];
        if plan.peers.is_empty() {
            plan.peers.push(PeerName::Goplug);
        }
    }
    Ok(plan)
}
