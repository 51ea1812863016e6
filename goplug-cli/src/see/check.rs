//! `goplug check OLD NEW`: whether clients of the one work with the other.

use goplug::contract::{self, Verdict};
use goplug::protocol::Descriptor;
use serde_json::json;

use crate::arguments::{Check, Folder};
use crate::failure::{Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;

pub(crate) async fn check(options: &Check, output: &Output) -> Outcome<Status> {
    let old = descriptor(&options.folder, &options.old).await?;
    let new = descriptor(&options.folder, &options.new).await?;
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

async fn descriptor(folder: &Folder, target: &str) -> Outcome<Descriptor> {
    let opened = Opened::find(folder, target).await?;
    let described = opened.descriptor().await;
    opened.close().await;
    described
}
