//! Runs the steps of a case.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use super::case::{
    Each, Ends, Event, Events, Exit, NamedExit, Repeat, Request, Send, SkipEvents, Start, Step,
};
use super::checks::check;
use super::connection::{Connection, in_vain};
use super::halt::Halt;
use super::judge;
use super::subject::{Running, Subject};
use super::variables::Variables;
use crate::system::temporary_folder;

/// How long the pauses between two looks at a file are.
const PAUSE: Duration = Duration::from_millis(5);

/// SIGTERM, as an exit status.
const TERMINATED: i32 = -15;

/// A case that runs.
pub(super) struct Run<'a> {
    subject: &'a Subject,
    running: Option<&'a mut Running>,
    pub(super) variables: Variables,
    connections: BTreeMap<String, Connection>,
    /// Connections without a name, which stay open until the end of the case.
    others: Vec<Connection>,
    /// A second process, and whether steps run on it.
    other: Option<Running>,
    is_other: bool,
    _folder: TempDir,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        subject: &'a Subject,
        running: Option<&'a mut Running>,
    ) -> Result<Self, Halt> {
        let folder = temporary_folder()?;
        let mut variables = Variables::default();
        variables.set("folder", folder.path().display().to_string());
        if let Some(running) = &running {
            variables.set("inherited", running.process.inherited());
        }
        let identity = |key: &str| subject.descriptor[key].as_str().unwrap_or_default();
        let (namespace, name) = (identity("namespace"), identity("name"));
        let dot = if namespace.is_empty() { "" } else { "." };
        variables.set("plugin", format!("{namespace}{dot}{name}"));
        Ok(Self {
            subject,
            running,
            variables,
            connections: BTreeMap::new(),
            others: Vec::new(),
            other: None,
            is_other: false,
            _folder: folder,
        })
    }

    pub(super) async fn steps(&mut self, steps: &[Value]) -> Result<(), Halt> {
        for step in steps {
            let replaced = self.variables.replace(step);
            let parsed = serde_json::from_value(replaced.clone());
            let parsed =
                parsed.map_err(|error| format!("the case has a bad step, {replaced}: {error}"))?;
            let is_container = matches!(parsed, Step::Each(_) | Step::Repeat(_) | Step::Other(_));
            self.step(parsed).await.map_err(|halt| match halt {
                Halt::Failed(reason) if !is_container => {
                    Halt::Failed(format!("{}: {reason}", title(&replaced)))
                }
                halt => halt,
            })?;
        }
        Ok(())
    }

    async fn step(&mut self, step: Step) -> Result<(), Halt> {
        match step {
            Step::Request(request) => self.request(&request).await?,
            Step::Until(request) => self.until(&request).await?,
            Step::Send(send) => self.send(&send).await?,
            Step::Chunk(send) => self.chunk(&send).await?,
            Step::Answer(read) => {
                let response = self.on(&read.on)?.response().await?;
                judge::response(&read.is, &response, &mut self.variables)?;
            }
            Step::Head(read) => {
                let response = self.on(&read.on)?.head().await?;
                judge::response(&read.is, &response, &mut self.variables)?;
            }
            Step::Refused(bytes) => self.refused(&bytes.bytes()?).await?,
            Step::Events(events) => self.events(&events).await?,
            Step::SkipEvents(skip) => self.skip_events(&skip).await?,
            Step::Ends(ends) => self.ends(&ends).await?,
            Step::IsOpen(name) if !self.on(&name)?.is_open() => {
                return Err("the plugin has answered, or closed the connection".into());
            }
            Step::IsOpen(_) => {}
            Step::Close(name) => drop(self.connections.remove(&name)),
            Step::HalfClose(name) => self.on(&name)?.half_close().await?,
            Step::Activate(configuration) => self.activate(&configuration).await?,
            Step::Each(each) => self.each(each).await?,
            Step::Repeat(repeat) => self.repeat(repeat).await?,
            Step::Other(steps) => self.on_other(&steps).await?,
            Step::Check(name) => check(&name, self.subject, &self.variables)?,
            step => self.outside(step).await?,
        }
        Ok(())
    }

    /// Steps outside the connections: the process and files.
    async fn outside(&mut self, step: Step) -> Result<(), Halt> {
        match step {
            Step::Terminate => self.running()?.process.terminate()?,
            Step::EndHost => self.running()?.process.end_host(),
            Step::Exit(exit) => self.exit(&exit).await?,
            Step::HasPrinted if self.running()?.process.said().trim().is_empty() => {
                return Err("it has printed nothing".into());
            }
            Step::File(path) => self.file(&path).await?,
            Step::NoFile(path) if Path::new(&path).exists() => {
                return Err(format!("there is {path}").into());
            }
            Step::Touch(path) => drop(std::fs::File::create(path)?),
            Step::Sleep(millis) => sleep(Duration::from_millis(millis)).await,
            _ => {}
        }
        Ok(())
    }

    fn running(&mut self) -> Result<&mut Running, Halt> {
        let running = if self.is_other { self.other.as_mut() } else { self.running.as_deref_mut() };
        running.ok_or("the case has no process".into())
    }

    fn on(&mut self, name: &str) -> Result<&mut Connection, Halt> {
        let connection = self.connections.get_mut(name);
        connection.ok_or_else(|| format!("the case has no connection {name}").into())
    }

    async fn connect(&mut self) -> Result<Connection, Halt> {
        let patience = self.subject.patience;
        Ok(Connection::open(self.running()?.process.socket(), patience).await?)
    }

    /// The connection of this name, which is opened if it is new.
    async fn take(&mut self, name: Option<&String>) -> Result<Connection, Halt> {
        match name.and_then(|name| self.connections.remove(name)) {
            Some(connection) => Ok(connection),
            None => self.connect().await,
        }
    }

    fn keep(&mut self, name: Option<&String>, connection: Connection) {
        match name {
            Some(name) => drop(self.connections.insert(name.clone(), connection)),
            None => self.others.push(connection),
        }
    }

    async fn request(&mut self, request: &Request) -> Result<(), Halt> {
        let mut connection = self.take(request.on.as_ref()).await?;
        connection.send(&bytes_of(request)?).await?;
        if let Some(answers) = &request.answer {
            let response = connection.response().await?;
            judge::response(answers, &response, &mut self.variables)?;
        }
        if request.on.is_some() || request.answer.is_none() {
            self.keep(request.on.as_ref(), connection);
        }
        Ok(())
    }

    async fn until(&mut self, request: &Request) -> Result<(), Halt> {
        let end = Instant::now() + self.subject.patience;
        loop {
            match self.request(request).await {
                Err(Halt::Failed(_)) if Instant::now() < end => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    async fn send(&mut self, send: &Send) -> Result<(), Halt> {
        let mut connection = self.take(send.on.as_ref()).await?;
        let bytes = send.bytes.bytes()?;
        let by = send.by.unwrap_or(bytes.len()).max(1);
        for piece in bytes.chunks(by) {
            connection.send(piece).await?;
        }
        self.keep(send.on.as_ref(), connection);
        Ok(())
    }

    async fn chunk(&mut self, send: &Send) -> Result<(), Halt> {
        let mut connection = self.take(send.on.as_ref()).await?;
        connection.send(&chunk_of(&send.bytes.bytes()?)).await?;
        self.keep(send.on.as_ref(), connection);
        Ok(())
    }

    async fn refused(&mut self, bytes: &[u8]) -> Result<(), Halt> {
        let mut connection = self.connect().await?;
        connection.send(bytes).await?;
        let answer = connection.end().await?;
        let text = String::from_utf8_lossy(&answer);
        let is_refusal = text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.1 5");
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
        if !text.is_empty() && !is_refusal {
            return Err(format!("{sent:?} is answered with {text:?}").into());
        }
        match text.matches("HTTP/1.1 ").count() {
            0 | 1 => Ok(()),
            _ => Err(format!("{sent:?} is answered twice: {text:?}").into()),
        }
    }

    async fn events(&mut self, events: &Events) -> Result<(), Halt> {
        for pattern in &events.are {
            let (times, pattern) = match pattern.get("times").and_then(Value::as_u64) {
                Some(times) => (times, pattern["event"].clone()),
                None => (1, pattern.clone()),
            };
            for index in 0..times {
                self.variables.set("i", index);
                let replaced = self.variables.replace(&pattern);
                self.event(&events.on, replaced).await?;
            }
            // Or the next step would begin with it.
            self.variables.forget("i");
        }
        if events.end
            && let Some(event) = self.on(&events.on)?.event().await?
        {
            return Err(format!("the stream goes on with {event:?}").into());
        }
        Ok(())
    }

    async fn event(&mut self, on: &str, pattern: Value) -> Result<(), Halt> {
        let is_one_of = pattern.is_array();
        let patterns = if is_one_of { pattern } else { json!([pattern]) };
        let patterns: Vec<Event> = serde_json::from_value(patterns)
            .map_err(|error| format!("the case has a bad event: {error}"))?;
        let event = self.on(on)?.event().await?.ok_or("the stream has ended".to_owned())?;
        let judged = super::pattern::any(&patterns, |pattern| {
            judge::event(pattern, &event, &mut self.variables)
        });
        Ok(judged.map_err(|reason| format!("{reason}; the event is {event:?}"))?)
    }

    async fn skip_events(&mut self, skip: &SkipEvents) -> Result<(), Halt> {
        let connection = self.on(&skip.on)?;
        let mut skipped = 0;
        loop {
            let event = connection.event().await?.ok_or("the stream has ended".to_owned())?;
            if event.name != skip.event {
                connection.put_back(event);
                return Ok(());
            }
            skipped += 1;
            if skipped > skip.at_most {
                return Err(
                    format!("there are more than {} of {}", skip.at_most, skip.event).into()
                );
            }
        }
    }

    async fn ends(&mut self, ends: &Ends) -> Result<(), Halt> {
        let received = self.on(&ends.on)?.end().await?;
        let text = String::from_utf8_lossy(&received);
        let is_right = ends.maybe.as_ref().is_some_and(|maybe| text.starts_with(maybe));
        if text.is_empty() || is_right { Ok(()) } else { Err(format!("it sends {text:?}").into()) }
    }

    async fn activate(&mut self, configuration: &Value) -> Result<(), Halt> {
        let subject = self.subject;
        subject.activate(self.running()?, configuration).await?;
        Ok(())
    }

    async fn exit(&mut self, exit: &Exit) -> Result<(), Halt> {
        let (patience, is_configurable) = (self.subject.patience, self.subject.is_configurable());
        let process = &mut self.running()?.process;
        let status = timeout(patience, process.end()).await;
        let status = status.map_err(|_| in_vain("the end of the process"))??;
        let is_right = match exit {
            Exit::OneOf(statuses) => statuses.contains(&status),
            Exit::Named(NamedExit::Failure) => status != 0,
            Exit::Named(NamedExit::InOrder) => {
                status == 0 || status == TERMINATED && !is_configurable
            }
        };
        if is_right { Ok(()) } else { Err(format!("the exit status is {status}").into()) }
    }

    async fn file(&self, path: &str) -> Result<(), Halt> {
        let end = Instant::now() + self.subject.patience;
        while !Path::new(path).exists() {
            if Instant::now() > end {
                return Err(in_vain(path).into());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn each(&mut self, each: Each) -> Result<(), Halt> {
        for value in each.of {
            self.variables.set(&each.value, value);
            Box::pin(self.steps(&each.steps)).await?;
        }
        self.variables.forget(&each.value);
        Ok(())
    }

    /// Runs steps on the second process, which is started by the first of them.
    async fn on_other(&mut self, steps: &[Value]) -> Result<(), Halt> {
        if self.other.is_none() {
            let started = self.subject.start(Start::default());
            let mut running = started.map_err(|failure| failure.line())?;
            self.subject.activate(&mut running, &Value::Null).await?;
            self.other = Some(running);
        }
        self.is_other = true;
        let outcome = Box::pin(self.steps(steps)).await;
        self.is_other = false;
        outcome
    }

    async fn repeat(&mut self, repeat: Repeat) -> Result<(), Halt> {
        for index in 0..repeat.times {
            self.variables.set(&repeat.value, index);
            Box::pin(self.steps(&repeat.steps)).await?;
        }
        self.variables.forget(&repeat.value);
        Ok(())
    }
}

/// A step in a word or two.
fn title(step: &Value) -> String {
    let Some((verb, operand)) = step.as_object().and_then(|members| members.iter().next()) else {
        return step.as_str().unwrap_or_default().to_owned();
    };
    match operand.get("to").and_then(Value::as_str) {
        Some(to) => format!("{verb} {to}"),
        None => verb.clone(),
    }
}

fn bytes_of(request: &Request) -> Result<Vec<u8>, String> {
    let body = request.body.bytes()?;
    let to = &request.to;
    let slash = if to.starts_with('/') { "" } else { "/" };
    let mut head = format!("{} {slash}{to} HTTP/1.1\r\nHost: goplug\r\n", request.verb);
    for (name, value) in &request.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let Some(chunks) = &request.chunks else {
        if request.verb == "POST" || !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        return Ok([head.as_bytes(), b"\r\n", &body].concat());
    };
    head.push_str("Transfer-Encoding: chunked\r\n\r\n");
    let mut bytes = head.into_bytes();
    for chunk in chunks {
        bytes.extend(chunk_of(&chunk.bytes()?));
    }
    Ok(bytes)
}

fn chunk_of(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
