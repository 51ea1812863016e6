//! `goplug stop TARGET`: the processes of a plugin end.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::time::timeout;

use crate::arguments::Stop;
use crate::failure::{Failure, Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;
use crate::pconf::Pconf;
use crate::running::Running;
use crate::system::{self, PluginProcess, Watched};
use crate::target::Target;

/// How much longer than its calls a process may take to end.
const RESERVE: Duration = Duration::from_secs(2);

pub(crate) async fn stop(options: &Stop, output: &Output) -> Outcome<Status> {
    let (name, processes) = running(options).await?;
    if processes.is_empty() && !output.is_json() {
        output.note(&format!("{name} does not run"));
    }
    for process in &processes {
        end(process, options.timeout).await.map_err(|failure| failure.about(&name))?;
        if !output.is_json() {
            output.line(&format!("stopped {name} ({})", process.title()))?;
        }
    }
    if output.is_json() {
        output.document(&processes)?;
    }
    Ok(Status::Success)
}

/// The plugin that is meant, and its processes.
async fn running(options: &Stop) -> Outcome<(String, Vec<Running>)> {
    let Stop { subject, .. } = options;
    let target = Target::parse(&subject.target)?;
    let processes = PluginProcess::all();
    if let Target::Socket(socket) = &target {
        let process = Running::behind(&processes, socket.clone()).await;
        return Ok((subject.target.clone(), process.into_iter().collect()));
    }
    match Opened::find(&subject.folder, &subject.target).await {
        Ok(opened) => {
            let pconf = opened.pconf().map(|file| Pconf::read(&file)).unwrap_or_default();
            let id = opened.id().clone();
            opened.close().await;
            Ok((id.to_string(), Running::of(&processes, &id, &pconf).await))
        }
        // A host may have started it from another folder.
        Err(failure) => {
            let Target::Name(id) = target else { return Err(failure) };
            let found: Vec<_> = Running::named(&processes, &id).map(Running::from).collect();
            if found.is_empty() { Err(failure) } else { Ok((id.to_string(), found)) }
        }
    }
}

/// Whether nobody listens on a socket any more.
fn has_no_listener(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

/// Asks a process to stop, and waits until it has ended.
async fn end(process: &Running, within: Duration) -> Outcome<()> {
    // Before it is asked, so that no other process can have its id meanwhile.
    let watched = process.pid.map(Watched::new).transpose()?.flatten();
    let ending = async {
        match system::stop(&process.socket, within).await {
            // It is about to end already.
            Err(error) if watched.is_some() && has_no_listener(&error) => {}
            stopped => stopped?,
        }
        match watched {
            Some(watched) => watched.ended().await,
            None => Ok(()),
        }
    };
    match timeout(within.saturating_add(RESERVE), ending).await {
        Ok(ended) => Ok(ended?),
        Err(_) => Err(Failure::new(
            Status::Deadline,
            format!("it still runs ({}); kill ends it by force", process.title()),
        )),
    }
}
