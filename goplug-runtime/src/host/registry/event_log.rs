//! What happens in a registry, as events of `tracing`, for people who watch.

use super::events::Event;
use crate::panic::contained;
use crate::protocol::visible::Lines;

/// Logs an event. Not under a lock: the subscriber may be slow, and may ask the registry something.
///
/// Rejected files and drifting contracts are logged where they are found.
pub(super) fn log(event: &Event) {
    contained(|| match event {
        Event::Discovered { plugin } => {
            tracing::debug!(target: "goplug::discovery", %plugin, "discovered");
        }
        Event::Changed { plugin } => {
            tracing::debug!(target: "goplug::discovery", %plugin, "its .pconf has new content");
        }
        Event::Removed { plugin } => {
            tracing::info!(target: "goplug::discovery", %plugin, "its .pconf is gone");
        }
        Event::Loaded { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, "loaded");
        }
        Event::Stopped { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, "stopped");
        }
        Event::Crashed { plugin, status, stderr } => {
            let status = Lines(status);
            let last = stderr.iter().rfind(|line| !line.is_empty()).map(tracing::field::display);
            tracing::error!(target: "goplug::supervisor", %plugin, last, "crashed: {status}");
        }
        Event::Restarted { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, "restarted");
        }
        Event::GivenUp { plugin, reason } => {
            let reason = Lines(reason);
            tracing::error!(target: "goplug::supervisor", %plugin, "given up: {reason}");
        }
        Event::Upgraded { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, "upgraded");
        }
        Event::UpgradeFailed { plugin, reason } => {
            let reason = Lines(reason);
            tracing::warn!(target: "goplug::supervisor", %plugin, "not upgraded: {reason}");
        }
        Event::StopFailed { plugin, reason, .. } => {
            tracing::error!(target: "goplug::supervisor", %plugin, "not stopped: {}", Lines(reason));
        }
        Event::Attached { .. } | Event::InDevelopment { .. } => log_development(event),
        Event::Unconfined { plugin, reason } => {
            let reason = Lines(reason);
            tracing::warn!(target: "goplug::supervisor", %plugin, "not confined: {reason}");
        }
        Event::CallbacksMissed { plugin, count } => {
            tracing::warn!(target: "goplug::callbacks", %plugin, count, "callbacks are missed");
        }
        Event::Rejected { .. } | Event::ContractDrift { .. } | Event::Missed { .. } => {}
    });
}

/// Logs what no host in production should do.
fn log_development(event: &Event) {
    match event {
        Event::Attached { plugin, socket } => {
            let socket = Lines(socket.display());
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                "GOPLUG_ATTACH: the process at {socket} is used in place of starting one; calls to it \
                 have no deadline"
            );
        }
        Event::InDevelopment { plugin } => {
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                "it is installed for development: its program has no digest, and may change at any time"
            );
        }
        _ => {}
    }
}
