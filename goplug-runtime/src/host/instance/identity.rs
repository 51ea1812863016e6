//! What this process is itself: a process that was started as a plugin, and does not serve as it,
//! must not start that plugin.
//!
//! The process of an embedded plugin runs the host's program. If the program's `main` does not
//! serve, it does what the host does, which is to start the plugin; and so on without end.

use crate::error::{Error, Result};
use crate::limits;
use crate::protocol::{PluginId, Problem, ProblemKind, wire};
use crate::transport::{StartedAs, decline};
use crate::typed::embedded_names;

/// Checks that this process may have a registry. If it was started as an embedded plugin and does
/// not serve as it, the host that started it gets the error as well. That may block for two seconds.
///
/// # Errors
/// [`Error::Configuration`], with what to write in `main`.
pub(in crate::host) fn check_host() -> Result<()> {
    let Some(StartedAs { id, is_embedded: true }) = StartedAs::unclaimed() else { return Ok(()) };
    let mut reason = format!(
        "main has to begin with `goplug::embed!(T)`, where T is the type of the plugin {id}: the \
         process that was started as this plugin makes a registry instead"
    );
    let named = embedded_names();
    if !named.is_empty() {
        reason += &format!(" (its `embed!` names only {})", named.join(", "));
    }
    if decline(&refusal(&reason)) { Err(Error::Configuration(reason)) } else { Ok(()) }
}

/// The response by which a host learns why its plugin does not start.
fn refusal(reason: &str) -> Vec<u8> {
    let problem = Problem::new(ProblemKind::Internal, reason);
    let body = serde_json::to_string(&problem).unwrap_or_default();
    format!(
        "HTTP/1.1 {} Internal Server Error\r\n{}: {}\r\n{}: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        ProblemKind::Internal.status(),
        wire::HEADER_PROTOCOL,
        wire::PROTOCOL,
        wire::HEADER_CONTENT_TYPE,
        wire::PROBLEM,
        body.len(),
    )
    .into_bytes()
}

/// How many plugins this process is nested in; 0 in a host that no host started.
pub(super) fn nesting() -> u32 {
    std::env::var(wire::ENV_NESTING).ok().and_then(|depth| depth.parse().ok()).unwrap_or(0)
}

/// Checks that a plugin is not what this very process was started as, and that this process is not
/// nested too deep.
///
/// # Errors
/// The reason why it must not be started, for people.
pub(super) fn check_plugin(id: &PluginId) -> Result<(), String> {
    match StartedAs::unclaimed() {
        Some(own) if own.id == id.to_string() => Err(
            "this process was itself started as that plugin, does not serve as it, and would start \
             itself without end; its program has to begin with `goplug::main!` or `goplug::embed!`, \
             or its .pconf names the wrong program"
                .into(),
        ),
        _ if nesting() >= limits::MAX_NESTING => Err(format!(
            "this process is a plugin of a plugin, {} deep; does a program start plugins where it \
             has to serve as one?",
            limits::MAX_NESTING
        )),
        _ => Ok(()),
    }
}
