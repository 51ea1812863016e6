//! go-plugin over gRPC: a host and a plugin in Go, built from `bench/go-plugin`. The host in Go
//! takes the samples, and this process becomes it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::programs;
use crate::vocabulary::{PeerName, RowName, Scale, workload};

/// Takes one sample. Returns only if the Go program could not be started: otherwise this
/// process becomes that program, which prints the sample.
pub(crate) fn sample(row: RowName, scale: Scale) -> Result<Vec<f64>> {
    let option = |name: &str, value: &dyn std::fmt::Display| format!("-{name}={value}");
    let millis = |time: std::time::Duration| format!("{}ms", time.as_millis());
    let pinner = std::env::current_exe().context("finding this program")?;
    let error = Command::new(programs::path(PeerName::GoPlugin)?)
        .arg(option("row", &row.name()))
        .arg(option("time", &millis(scale.sample_time())))
        .arg(option("callbacks", &workload::callbacks(scale)))
        .arg(option("starts", &workload::starts(scale)))
        .arg(option("plugins", &workload::IDLE_PLUGINS))
        .arg(option("settle", &millis(workload::settle_time(1))))
        .arg(option("watched", &millis(workload::idle_time(scale))))
        .arg(option("pinner", &pinner.display()))
        .exec();
    Err(error).context("starting the Go program")
}
