//! What hostile programs, files and users attempt. Each attempt is one line: what was tried, and how it
//! was refused. The trial is broken if one gets through.
//!
//! `attempt` is the frame. Each other file is one kind of attack, with a function `run` that makes its
//! attempts one by one; what runs in a plugin's process is an attack of `attacker`.

mod attempt;
mod budgets;
#[cfg(target_os = "linux")]
mod calls;
mod dead_hosts;
mod exchanges;
mod files;
mod folder_locks;
mod interpreters;
mod locks;
mod neighbours;
mod other_user;
mod processes;
mod sandbox;
#[cfg(unix)]
mod siblings;
mod signatures;
mod without_kernel;

pub(crate) use attempt::Outcome;

use anyhow::Result;
use attempt::Attempts;

use crate::report::Report;

pub(crate) async fn run(report: &mut Report) -> Result<()> {
    let mut attempts = Attempts::new(report);
    files::run(&mut attempts).await;
    interpreters::run(&mut attempts).await;
    exchanges::run(&mut attempts).await;
    signatures::run(&mut attempts).await;
    folder_locks::run(&mut attempts).await;
    sandbox::run(&mut attempts).await;
    #[cfg(target_os = "linux")]
    calls::run(&mut attempts).await;
    #[cfg(unix)]
    siblings::run(&mut attempts).await;
    without_kernel::run(&mut attempts).await;
    budgets::run(&mut attempts).await;
    neighbours::run(&mut attempts).await;
    locks::run(&mut attempts).await;
    processes::run(&mut attempts).await;
    dead_hosts::run(&mut attempts).await;
    attempts.end();
    Ok(())
}
