//! The plugin that follows a script: a process of a host that is tried. It writes what it gets into a journal.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::answering::Plugin;
use super::connection::Connection;
use super::orders::Orders;
use crate::failure::{Outcome, Status};
use crate::system::{Socket, Terminations, become_listener, host_end, listener, surroundings};

/// How long a host's connection may wait for its next request: for ever, as far as a case is concerned.
const IDLE: Duration = Duration::from_secs(3600);

/// How long the pause between two looks at the files of a case is.
const PAUSE: Duration = Duration::from_millis(200);

/// The first half of the process: notes what it has been given, and becomes the second.
pub(crate) fn begin(orders: &Path) -> io::Result<()> {
    let started = surroundings();
    Orders::read(orders)?.note(&json!({ "started": started }))?;
    become_listener(&["scripted-plugin", "--serve", &orders.display().to_string()])
}

/// The second half: serves, until it is told to stop.
pub(crate) async fn serve(orders: &Path) -> Outcome<Status> {
    let plugin = Arc::new(Plugin::new(Orders::read(orders)?));
    print(plugin.orders.script.prints)?;
    let mut listener = listener()?;
    let mut connections = JoinSet::new();
    let mut terminations = Terminations::new()?;
    let host_end = host_end()?;
    let over = over(orders);
    tokio::pin!(host_end, over);
    let stays = plugin.orders.script.stays;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                connections.spawn(serve_connection(Arc::clone(&plugin), accepted?));
            }
            Some(_) = connections.join_next() => {}
            () = terminations.next() => if !stays { break },
            () = &mut host_end, if !stays => break,
            () = plugin.stopped(), if !stays => break,
            () = &mut over => break,
        }
    }
    Ok(Status::Success)
}

/// Waits until the case is over: its files are gone then. Nothing else is sure to end a process that stays.
async fn over(orders: &Path) {
    while orders.exists() {
        sleep(PAUSE).await;
    }
}

/// As much as fills the pipes of a host that does not read.
fn print(lines: usize) -> io::Result<()> {
    let line = format!("{}\n", "x".repeat(99));
    for _ in 0..lines {
        io::stdout().write_all(line.as_bytes())?;
        io::stderr().write_all(line.as_bytes())?;
    }
    io::stdout().flush()
}

/// Answers the requests of a connection, and notes why one is none.
async fn serve_connection(plugin: Arc<Plugin>, socket: Socket) -> io::Result<()> {
    match plugin.talk(Connection::over(socket, IDLE)).await {
        Ok(()) => Ok(()),
        Err(reason) => plugin.orders.note(&json!({ "fault": reason })),
    }
}
