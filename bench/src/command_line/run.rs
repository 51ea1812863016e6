//! A run from its options to its output.

use std::path::Path;

use anyhow::Result;

use super::arguments::Options;
use crate::results::{Machine, Report, instruction_counts};
use crate::vocabulary::{RowName, Scale};
use crate::{matrix, render};

/// Measures what the options name, prints the tables and writes the files.
pub(super) fn run(options: &Options) -> Result<()> {
    let plan = &options.plan;
    let machine = Machine::current();
    let report = Report::new(machine, plan.scale, matrix::run(plan));
    print!("{}", render::markdown(&report));

    let in_repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let folder = options.out.as_deref().unwrap_or(&in_repository);
    if options.check {
        return instruction_counts::check(&report, folder);
    }
    if plan.is_whole() || options.out.is_some() {
        render::write(&report, folder)?;
    }
    if plan.scale == Scale::Full || plan.rows.contains(&RowName::Instructions) {
        instruction_counts::record(&report, folder)?;
    }
    Ok(())
}
