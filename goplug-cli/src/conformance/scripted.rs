//! The plugin that follows a script: a process of a host that is tried. It writes what it gets into a journal.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::connection::{Connection, Request};
use super::script::{Reply, Script};
use crate::failure::{Outcome, Status};
use crate::system::{Socket, Terminations, become_listener, host_end, listener, surroundings};

/// How long a host's connection may wait for its next request: for ever, as far as a case is concerned.
const IDLE: Duration = Duration::from_secs(3600);

/// How long the pause between two looks at the files of a case is.
const PAUSE: Duration = Duration::from_millis(200);

/// What a process is told by the file that its command line names.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) script: Script,
    /// A file with a line of JSON for each thing that happens.
    pub(super) journal: PathBuf,
    pub(super) descriptor: Value,
}

impl Orders {
    fn read(file: &Path) -> io::Result<Self> {
        serde_json::from_slice(&fs::read(file)?).map_err(io::Error::from)
    }

    fn note(&self, line: &Value) -> io::Result<()> {
        let mut journal = OpenOptions::new().create(true).append(true).open(&self.journal)?;
        journal.write_all(format!("{line}\n").as_bytes())
    }
}

/// The first half of the process: notes what it has been given, and becomes the second. Returns only if
/// that fails.
pub(crate) fn begin(orders: &Path) -> io::Error {
    let started = surroundings();
    let begun = Orders::read(orders).and_then(|orders| orders.note(&json!({ "started": started })));
    match begun {
        Ok(()) => {
            let orders = orders.display().to_string();
            become_listener(&["scripted-plugin", "--serve", &orders])
        }
        Err(error) => error,
    }
}

/// The second half: serves, until it is told to stop.
pub(crate) async fn serve(orders: &Path) -> Outcome<Status> {
    let plugin = Plugin {
        orders: Orders::read(orders)?,
        answered: Mutex::default(),
        ended: tokio::sync::Notify::new(),
    };
    let plugin = Arc::new(plugin);
    print(plugin.orders.script.prints)?;
    let listener = listener()?;
    let mut connections = JoinSet::new();
    let mut terminations = Terminations::new()?;
    let host_end = host_end()?;
    let over = over(orders);
    tokio::pin!(host_end, over);
    let stays = plugin.orders.script.stays;
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                connections.spawn(serve_connection(Arc::clone(&plugin), accepted?.0));
            }
            Some(_) = connections.join_next() => {}
            () = terminations.next() => if !stays { break },
            () = &mut host_end, if !stays => break,
            () = plugin.ended.notified(), if !stays => break,
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

struct Plugin {
    orders: Orders,
    /// How many requests of each kind have been answered.
    answered: Mutex<BTreeMap<String, usize>>,
    ended: tokio::sync::Notify,
}

/// Answers the requests of a connection, and notes why one is none.
async fn serve_connection(plugin: Arc<Plugin>, socket: Socket) -> io::Result<()> {
    match talk(&plugin, Connection::over(socket, IDLE)).await {
        Ok(()) => Ok(()),
        Err(reason) => plugin.orders.note(&json!({ "fault": reason })),
    }
}

async fn talk(plugin: &Plugin, mut connection: Connection) -> Result<(), String> {
    while let Some(request) = connection.request().await? {
        let name = request.target.trim_start_matches('/').split(['/', '?']).next();
        let name = name.unwrap_or_default().to_owned();
        let noted = json!({
            "to": name,
            "verb": request.verb,
            "headers": request.headers,
            "body": String::from_utf8_lossy(&request.body),
        });
        let noted = plugin.orders.note(&json!({ "request": noted }));
        noted.map_err(|error| error.to_string())?;
        match plugin.scripted(&name) {
            None => plugin.answer(&name, &request, &mut connection).await?,
            Some(Reply::Bytes(bytes)) => connection.send(&bytes.bytes()?).await?,
            Some(Reply::Bytewise(bytes)) => {
                for byte in bytes.bytes()? {
                    connection.send(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
            }
            Some(Reply::Last(bytes)) => return connection.send(&bytes.bytes()?).await,
            Some(Reply::Exit(status)) => std::process::exit(status),
            Some(Reply::Descriptor(descriptor)) => {
                connection.send(&activated(&descriptor)).await?;
            }
        }
    }
    Ok(())
}

impl Plugin {
    /// The script's answer to the next request of this kind.
    fn scripted(&self, name: &str) -> Option<Reply> {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = answered.entry(name.to_owned()).or_default();
        *count += 1;
        self.orders.script.answers.get(name)?.get(*count - 1).cloned()
    }

    /// As a good plugin does.
    async fn answer(
        &self,
        name: &str,
        request: &Request,
        connection: &mut Connection,
    ) -> Result<(), String> {
        let answer = match name {
            _ if request.verb != "POST" => problem("bad-request", 400),
            "Activate" => activated(&self.orders.descriptor),
            "Ping" => response("application/octet-stream", &request.body),
            "add" => response("application/json", b"5"),
            "RegisterCallback" => return connection.send(STREAM).await,
            "Stop" if self.orders.script.stays => return Ok(()),
            "Stop" => {
                connection.send(&response("application/octet-stream", b"")).await?;
                self.ended.notify_one();
                return Ok(());
            }
            _ => problem("unknown-method", 400),
        };
        connection.send(&answer).await
    }
}

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Type: text/event-stream\r\n\
Transfer-Encoding: chunked\r\n\r\n";

fn activated(descriptor: &Value) -> Vec<u8> {
    let media_type = "application/vnd.goplug+json\r\nGoplug-Protocol: 2";
    response(media_type, descriptor.to_string().as_bytes())
}

fn response(media_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn problem(name: &str, status: u16) -> Vec<u8> {
    let kind = format!("urn:goplug:error:{name}");
    let body = json!({ "type": kind, "title": name, "status": status, "detail": name }).to_string();
    let media_type = "application/problem+json";
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Not\r\nContent-Type: {media_type}\r\nContent-Length: {length}");
    format!("{head}\r\n\r\n{body}").into_bytes()
}
