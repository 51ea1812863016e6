//! `goplug logs TARGET`: what a plugin says.

use std::io;

use goplug::Plugin;

use crate::arguments::Subject;
use crate::failure::{Failure, Outcome, Status};
use crate::log::{self, Destination};
use crate::opened::Opened;
use crate::output::Output;
use crate::running::{Running, end_of, process_of};
use crate::system::{PluginProcess, log_of};

/// From which level on the log is shown, unless the user says it.
const LEVEL: &str = "info";

/// Starts a plugin, and prints its log until the user interrupts or the process ends.
pub(crate) async fn logs(subject: &Subject, output: &Output) -> Outcome<Status> {
    let closed = log::show(Destination::Stdout, output);
    let level = subject.log.clone().or_else(|| Some(LEVEL.into()));
    let subject = Subject { log: level, ..subject.clone() };
    let job = async |opened: &Opened| {
        tokio::select! {
            done = on(opened, output) => done,
            // As for `| head`.
            () = closed.notified() => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
        }
    };
    Opened::with(&subject, output, job).await?;
    Ok(Status::Success)
}

async fn on(opened: &Opened, output: &Output) -> Outcome<()> {
    let id = opened.id();
    for process in Running::named(&PluginProcess::all(), id) {
        let running = Running::from(process).title();
        output.note(&format!("{id} runs ({running}): what that process says is in its host's log"));
    }
    let plugin = opened.start().await?;
    if plugin.process_id().is_none() {
        return Err(elsewhere(&plugin).await);
    }
    Err(end_of(&plugin).await?)
}

/// A plugin that others have started has its log where they want it.
async fn elsewhere(plugin: &Plugin) -> Failure {
    let place = match process_of(plugin).await.and_then(log_of) {
        Some(path) => path.display().to_string(),
        None => "read by others".into(),
    };
    let id = plugin.id();
    Failure::unreachable(format!("{id} was not started by a host; its standard error is {place}"))
}
