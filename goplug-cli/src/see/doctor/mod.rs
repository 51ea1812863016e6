//! `goplug doctor`: what keeps plugins from being found, started or trusted, and what to type.
//!
//! `finding` is a line of the report, `remedy` what is to be typed about a file; `folder` looks at the folder
//! and its plugins, `machine` at the limits of the machine and at what hosts have left behind.

mod finding;
mod folder;
mod machine;
mod remedy;

use self::finding::Finding;
use crate::arguments::Folder;
use crate::failure::{Outcome, Status};
use crate::output::Output;

pub(crate) async fn doctor(options: &Folder, output: &Output) -> Outcome<Status> {
    let mut findings = folder::look(&options.dir).await;
    findings.extend(machine::look());
    if output.is_json() {
        output.document(&findings)?;
    } else {
        let width = findings.iter().map(Finding::width).max().unwrap_or_default();
        for finding in &findings {
            output.line(&finding.text(width))?;
        }
    }
    let is_well = findings.iter().all(Finding::is_well);
    Ok(if is_well { Status::Success } else { Status::Unreachable })
}
