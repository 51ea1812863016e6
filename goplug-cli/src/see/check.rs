//! `goplug check OLD NEW`: whether clients of the one work with the other.

use goplug::contract::{self, Verdict};
use serde_json::json;

use crate::arguments::{Check, Subject};
use crate::failure::{Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn check(options: &Check, output: &Output) -> Outcome<Status> {
    let old = descriptor(options, &options.old).await?;
    let new = descriptor(options, &options.new).await?;
    let comparison = contract::compare(&old, &new);
    let verdict = comparison.verdict();
    if output.is_json() {
        output.document(&json!({ "verdict": verdict, "members": comparison.members }))?;
    } else {
        output.line(comparison.to_string().trim_end())?;
    }
    Ok(if fits(verdict) { Status::Success } else { Status::Contract })
}

/// Whether nothing is lost.
fn fits(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Same | Verdict::Compatible)
}

async fn descriptor(options: &Check, target: &str) -> Outcome<goplug::protocol::Descriptor> {
    let subject = Subject { folder: options.folder.clone(), target: target.to_owned() };
    Opened::with(&subject, Opened::descriptor).await
}
