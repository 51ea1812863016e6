//! `goplug logs TARGET`: what a plugin says.
//!
//! A process writes its log to its host alone. So a plugin is started to be listened to, and of one
//! that runs already there is only to say where its log is.

use std::io;

use goplug::Plugin;

use crate::arguments::Subject;
use crate::failure::{Failure, Outcome, Status};
use crate::log::{self, Destination};
use crate::opened::Opened;
use crate::output::Output;
use crate::pconf::Pconf;
use crate::running::{Running, end_of, process_of};
use crate::system::{PluginProcess, command_of, outputs_of};
use crate::target::Target;

/// From which level on the log is shown, unless the user says it.
const LEVEL: &str = "info";

/// Starts a plugin, and prints its log until the user interrupts or the process ends.
pub(crate) async fn logs(subject: &Subject, output: &Output) -> Outcome<Status> {
    let is_named = matches!(Target::parse(&subject.target)?, Target::Name(_));
    let closed = log::show(Destination::Stdout, output);
    let level = subject.log.clone().or_else(|| Some(LEVEL.into()));
    let subject = Subject { log: level, ..subject.clone() };
    let job = async |opened: &Opened| {
        if is_named {
            check_runs_not(opened).await?;
        }
        tokio::select! {
            done = on(opened) => done,
            // As for `| head`.
            () = closed.notified() => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    };
    Opened::with(&subject, output, job).await?;
    Ok(Status::Success)
}

async fn on(opened: &Opened) -> Outcome<()> {
    let plugin = opened.start().await?;
    if plugin.process_id().is_none() {
        return Err(elsewhere(&plugin).await);
    }
    Err(end_of(&plugin).await?)
}

/// # Errors
/// A host runs the plugin: nobody would call a second process, so that it would say nothing.
async fn check_runs_not(opened: &Opened) -> Outcome<()> {
    let Some(file) = opened.pconf() else { return Ok(()) };
    let running = Running::of(&PluginProcess::all(), opened.id(), &Pconf::read(&file)).await;
    let of_host = |running: &Running| Some((running.pid?, running.host?));
    let Some((pid, host)) = running.iter().find_map(of_host) else { return Ok(()) };
    let text = format!(
        "{} runs already (pid {pid}): {}; `goplug logs {}` starts a process of its own",
        opened.id(),
        in_host(host),
        file.display()
    );
    Err(Failure::unreachable(text))
}

/// A plugin that others have started has its log where they want it.
async fn elsewhere(plugin: &Plugin) -> Failure {
    let id = plugin.id();
    let Some(pid) = process_of(plugin).await else {
        return Failure::unreachable(format!("{id} was started by others, who have its log"));
    };
    let place = match PluginProcess::of(pid) {
        Some(process) => in_host(process.host),
        None => format!("it is a process without a host, {}", places(pid)),
    };
    Failure::unreachable(format!("{id} was started by others (pid {pid}): {place}"))
}

/// Where a host has the logs of its plugins.
fn in_host(host: u32) -> String {
    let command = command_of(host).map_or_else(String::new, |command| format!(" `{command}`"));
    let places = places(host);
    format!("what it says is in the log of its host,{command} (pid {host}), {places}")
}

/// Where a process writes, as far as that has a name.
fn places(pid: u32) -> String {
    let Ok(outputs) = outputs_of(pid) else { return "whose output is not known here".into() };
    match outputs.map(|path| path.map(|path| path.display().to_string())) {
        [None, None] => "whose output is read by others".into(),
        [Some(stdout), Some(stderr)] if stdout == stderr => format!("whose output is {stdout}"),
        [Some(stdout), Some(stderr)] => {
            format!("whose standard output is {stdout}, and whose standard error is {stderr}")
        }
        [Some(stdout), None] => format!("whose standard output is {stdout}"),
        [None, Some(stderr)] => format!("whose standard error is {stderr}"),
    }
}
