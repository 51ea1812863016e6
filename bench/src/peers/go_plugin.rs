//! go-plugin over gRPC: a host and a plugin in Go, built of `bench/go-plugin`. The host takes
//! the samples, and this process becomes it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use super::PeerName;
use crate::programs;
use crate::rows::{Row, Scale, callbacks, idle, start};

/// Does not return, unless it fails: the Go program prints the sample.
pub(super) fn sample(row: Row, scale: Scale) -> Result<Vec<f64>> {
    let option = |name: &str, value: &dyn std::fmt::Display| format!("-{name}={value}");
    let millis = |time: std::time::Duration| format!("{}ms", time.as_millis());
    let seater = std::env::current_exe().context("finding this program")?;
    let error = Command::new(programs::path(PeerName::GoPlugin)?)
        .arg(option("row", &row.name()))
        .arg(option("time", &millis(scale.time())))
        .arg(option("callbacks", &callbacks::count(scale)))
        .arg(option("starts", &start::count(scale)))
        .arg(option("plugins", &idle::PLUGINS))
        .arg(option("settle", &millis(idle::settle(1))))
        .arg(option("watched", &millis(idle::watched(scale))))
        .arg(option("seater", &seater.display()))
        .exec();
    Err(error).context("starting the Go program")
}
