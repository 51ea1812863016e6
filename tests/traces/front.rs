//! A plugin that calls a service of its host, and says what came of it by a callback.

use goplug::CallContext;
use tracing::{Instrument, info_span};

use crate::recorded::{self, Recorded};

/// What the host offers.
#[goplug::plugin]
pub trait Clerk {
    /// Looks something up.
    #[goplug::method]
    async fn look_up(&self, key: &str) -> goplug::Result<String>;
}

/// The plugin.
#[goplug::plugin(namespace = "traces", needs(Clerk))]
#[derive(Debug, Default)]
pub struct Front;

/// Asks the host within a span of its own, and tells it the answer.
#[goplug::method(Front)]
pub async fn ask(key: &str) -> goplug::Result<String> {
    let clerk: ClerkClient<goplug::Host> = goplug::host()?;
    let answer = clerk.look_up(key).instrument(info_span!("asking")).await?;
    answered(&answer).await?;
    Ok(answer)
}

/// As [`ask`], on a thread of its own.
#[goplug::method(Front, blocking)]
pub fn ask_blocking(key: &str) -> goplug::Result<String> {
    let clerk: ClerkBlockingClient<goplug::blocking::Host> = goplug::host()?;
    Ok(clerk.look_up(key)?)
}

/// What the host has answered.
#[goplug::callback(Front)]
pub async fn answered(text: &str) -> goplug::Result<()>;

/// The trace that the call came with.
#[goplug::method(Front)]
pub fn trace(call: &CallContext) -> Option<String> {
    call.traceparent().map(|parent| parent.to_string())
}

/// The spans of this process.
#[goplug::method(Front)]
pub fn spans() -> Vec<Recorded> {
    recorded::spans()
}
