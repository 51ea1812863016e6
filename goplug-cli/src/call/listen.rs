//! `goplug listen TARGET`: the callbacks of a plugin, as they come.

use std::pin::pin;

use bytes::Bytes;
use goplug::{Plugin, Subscription};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, Receiver};

use super::request::unknown;
use crate::arguments::Listen;
use crate::failure::{Outcome, Status};
use crate::opened::Opened;
use crate::output::Output;
use crate::running::end_of;

/// How many callbacks may wait to be printed. More make the plugin wait.
const BACKLOG: usize = 256;

pub(crate) async fn listen(options: &Listen, output: &Output) -> Outcome<Status> {
    Opened::with(&options.subject, output, async |opened| on(opened, options, output).await)
        .await?;
    Ok(Status::Success)
}

async fn on(opened: &Opened, options: &Listen, output: &Output) -> Outcome<()> {
    let descriptor = opened.descriptor().await?;
    let known = descriptor.callbacks.iter().map(|callback| &*callback.name);
    for name in &options.callbacks {
        if !known.clone().any(|known| known == name) {
            return Err(unknown(
                &format!("{} has no callback {name:?}", descriptor.name),
                name,
                known,
            ));
        }
    }
    let names = match options.callbacks.is_empty() {
        true => known.map(str::to_owned).collect(),
        false => options.callbacks.clone(),
    };
    let plugin = opened.start().await?;
    let mut heard = Heard::of(&plugin, names).await?;
    let mut end = pin!(end_of(&plugin));
    let mut left = options.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let line = tokio::select! {
            // The last callbacks come before the end.
            biased;
            line = heard.next() => line,
            failure = &mut end => return Err(failure?),
        };
        let Some(line) = line else { break };
        output.line(&line.text(output))?;
        left -= 1;
    }
    Ok(())
}

/// A callback that has come.
#[derive(Debug)]
pub(super) struct Line {
    callback: String,
    data: Bytes,
}

impl Line {
    /// The callback and its arguments, as a line.
    pub(super) fn text(&self, output: &Output) -> String {
        let text = String::from_utf8_lossy(&self.data);
        if !output.is_json() {
            return format!("{} {text}", self.callback);
        }
        let data = serde_json::from_slice(&self.data).unwrap_or(Value::String(text.into()));
        json!({ "callback": self.callback, "data": data }).to_string()
    }
}

/// The callbacks of a plugin, in order; none unless somebody has registered for them.
#[derive(Default)]
pub(super) struct Heard {
    lines: Option<Receiver<Line>>,
    _subscriptions: Vec<Subscription>,
}

impl Heard {
    /// Registers for callbacks.
    pub(super) async fn of(plugin: &Plugin, names: Vec<String>) -> Outcome<Self> {
        let (sender, lines) = mpsc::channel(BACKLOG);
        let mut subscriptions = Vec::new();
        for name in names {
            let (sender, callback) = (sender.clone(), name.clone());
            let handler = move |data| {
                let (sender, callback) = (sender.clone(), callback.clone());
                async move {
                    // The receiver is gone only when the command ends.
                    let _ = sender.send(Line { callback, data }).await;
                }
            };
            subscriptions.push(plugin.register_callback(&name, handler).await?);
        }
        Ok(Self { lines: Some(lines), _subscriptions: subscriptions })
    }

    /// The next callback. `None` if there will be none.
    pub(super) async fn next(&mut self) -> Option<Line> {
        self.lines.as_mut()?.recv().await
    }

    /// A callback that waits already.
    pub(super) fn take(&mut self) -> Option<Line> {
        self.lines.as_mut()?.try_recv().ok()
    }
}
