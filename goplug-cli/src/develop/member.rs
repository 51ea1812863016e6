//! A process that a host has started for a plugin, and that host.

use std::future::{Future, poll_fn};
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use crate::system::{PluginProcess, Watched, answers, holds_listener, runs_this_command};

/// How long an answer may take before a later look asks again.
const ANSWER: Duration = Duration::from_millis(500);

/// A process of a plugin, and its host.
#[derive(Debug)]
pub(super) struct Member {
    process: PluginProcess,
    watched: Watched,
    watched_host: Watched,
}

impl Member {
    /// `None` if the process or its host is gone, or if the host is this command, as with `goplug call`.
    pub(super) fn new(process: &PluginProcess) -> Option<Self> {
        if runs_this_command(process.host) {
            return None;
        }
        let watch = |pid| Watched::new(pid).ok().flatten();
        let (watched, watched_host) = (watch(process.pid)?, watch(process.host)?);
        Some(Self { process: process.clone(), watched, watched_host })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.pid
    }

    /// The process of its host.
    pub(super) fn host(&self) -> u32 {
        self.process.host
    }

    /// Whether it runs the program that is at this path now.
    pub(super) fn runs_newest(&self, program: &Path) -> bool {
        self.process.runs_newest(program)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.watched.has_ended()
    }

    /// Whether its host still runs.
    pub(super) fn has_host(&self) -> bool {
        !self.watched_host.has_ended()
    }

    /// Whether calls of its host go to it: the host has left it the socket, and it answers.
    pub(super) async fn serves(&self) -> bool {
        let PluginProcess { host, socket, .. } = &self.process;
        !holds_listener(*host, socket) && answers(socket, ANSWER).await && !self.has_ended()
    }

    /// Waits until the first of these has ended. Cancel safe.
    pub(super) async fn any_ended<'a>(members: impl Iterator<Item = &'a Self>) {
        let mut waiting: Vec<_> = members.map(|member| Box::pin(member.watched.ended())).collect();
        poll_fn(|context| {
            match waiting.iter_mut().any(|ended| ended.as_mut().poll(context).is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
}
