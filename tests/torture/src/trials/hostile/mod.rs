//! What hostile programs, files and users attempt. Each attempt is one line: what was tried, and how it
//! was refused. The trial is broken if one gets through.
//!
//! `attempt` is the frame. Each other file is one kind of attack, with a function `run` that makes its
//! attempts; what runs in a plugin's process is an attack of `attacker`. Attempts that do not disturb each other
//! are made side by side.

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
    // Each writes a program and runs it, which fails if another process is begun between the two.
    files::run(&mut attempts).await;
    interpreters::run(&mut attempts).await;
    exchanges::run(&mut attempts).await;
    signatures::run(&mut attempts).await;
    // Each waits for processes most of the time, which run this program.
    attempts.at_once(4).await;
    folder_locks::run(&mut attempts).await;
    sandbox::run(&mut attempts).await;
    #[cfg(target_os = "linux")]
    calls::run(&mut attempts).await;
    #[cfg(unix)]
    siblings::run(&mut attempts).await;
    without_kernel::run(&mut attempts).await;
    processes::run(&mut attempts).await;
    dead_hosts::run(&mut attempts).await;
    // Each uses two processors, and counts what its own processes use.
    attempts.at_once(2).await;
    budgets::run(&mut attempts).await;
    // Each looks at this whole process, may keep a thread of it, or is judged by a time.
    attempts.at_once(1).await;
    neighbours::run(&mut attempts).await;
    locks::run(&mut attempts).await;
    processes::run_alone(&mut attempts).await;
    attempts.end().await;
    Ok(())
}
