//! Steps over connections: what is sent, and what has to come.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::case::{Ends, Event, Events, Read, Request, Send, SkipEvents};
use super::connection::chunk_of;
use super::halt::{Halt, ensure};
use super::judge;
use super::run::Run;

/// How long the pause between two requests is that are the same.
const PAUSE: Duration = Duration::from_millis(5);

impl Run<'_> {
    pub(super) async fn request(&mut self, request: &Request) -> Result<(), Halt> {
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

    pub(super) async fn until(&mut self, request: &Request) -> Result<(), Halt> {
        let end = Instant::now() + self.subject.patience;
        loop {
            match self.request(request).await {
                Err(Halt::Failed(_)) if Instant::now() < end => sleep(PAUSE).await,
                done => return done,
            }
        }
    }

    pub(super) async fn answer(&mut self, read: &Read) -> Result<(), Halt> {
        let response = self.on(&read.on)?.response().await?;
        Ok(judge::response(&read.is, &response, &mut self.variables)?)
    }

    pub(super) async fn head(&mut self, read: &Read) -> Result<(), Halt> {
        let response = self.on(&read.on)?.head().await?;
        Ok(judge::response(&read.is, &response, &mut self.variables)?)
    }

    pub(super) async fn send(&mut self, send: &Send) -> Result<(), Halt> {
        let mut connection = self.take(send.on.as_ref()).await?;
        let bytes = send.bytes.bytes()?;
        let by = send.by.unwrap_or(bytes.len()).max(1);
        for piece in bytes.chunks(by) {
            connection.send(piece).await?;
        }
        self.keep(send.on.as_ref(), connection);
        Ok(())
    }

    pub(super) async fn chunk(&mut self, send: &Send) -> Result<(), Halt> {
        let mut connection = self.take(send.on.as_ref()).await?;
        connection.send(&chunk_of(&send.bytes.bytes()?)).await?;
        self.keep(send.on.as_ref(), connection);
        Ok(())
    }

    pub(super) async fn refused(&mut self, bytes: &[u8]) -> Result<(), Halt> {
        let mut connection = self.connect().await?;
        connection.send(bytes).await?;
        let answer = connection.end().await?;
        let text = String::from_utf8_lossy(&answer);
        let is_refusal = text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.1 5");
        let sent = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]);
        ensure(text.is_empty() || is_refusal, || format!("{sent:?} is answered with {text:?}"))?;
        let answers = text.matches("HTTP/1.1 ").count();
        ensure(answers < 2, || format!("{sent:?} is answered twice: {text:?}"))
    }

    pub(super) async fn events(&mut self, events: &Events) -> Result<(), Halt> {
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

    pub(super) async fn skip_events(&mut self, skip: &SkipEvents) -> Result<(), Halt> {
        let connection = self.on(&skip.on)?;
        let mut skipped = 0;
        loop {
            let event = connection.event().await?.ok_or("the stream has ended".to_owned())?;
            if event.name != skip.event {
                connection.put_back(event);
                return Ok(());
            }
            skipped += 1;
            ensure(skipped <= skip.at_most, || {
                format!("there are more than {} of {}", skip.at_most, skip.event)
            })?;
        }
    }

    pub(super) async fn ends(&mut self, ends: &Ends) -> Result<(), Halt> {
        let received = self.on(&ends.on)?.end().await?;
        let text = String::from_utf8_lossy(&received);
        let is_right = ends.maybe.as_ref().is_some_and(|maybe| text.starts_with(maybe));
        ensure(text.is_empty() || is_right, || format!("it sends {text:?}"))
    }

    pub(super) fn is_open(&mut self, name: &str) -> Result<(), Halt> {
        let is_open = self.on(name)?.is_open();
        ensure(is_open, || "the plugin has answered, or closed the connection".into())
    }

    pub(super) fn close(&mut self, name: &str) -> Result<(), Halt> {
        self.on(name)?;
        self.connections.remove(name);
        Ok(())
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
