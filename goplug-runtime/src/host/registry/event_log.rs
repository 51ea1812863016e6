//! What happens in a registry, as events of `tracing`, for people who watch.

use super::events::Event;
use crate::panic::contained;
use crate::protocol::Permission;
use crate::protocol::visible::Lines;

/// Logs an event. Not under a lock: the subscriber may be slow, and may ask the registry something.
///
/// Rejected files, drifting contracts and missed callbacks are logged where they are found.
pub(super) fn log(event: &Event) {
    match event {
        Event::Instance { instance, event, .. } => log_of(event, Some(*instance)),
        event => log_of(event, None),
    }
}

/// Logs an event; `instance` says to which one it has happened, if there are several.
fn log_of(event: &Event, instance: Option<usize>) {
    contained(|| match event {
        Event::Discovered { .. } | Event::Changed { .. } | Event::Removed { .. } => {
            log_discovery(event);
        }
        Event::Loaded { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, instance, "loaded");
        }
        Event::Stopped { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, instance, "stopped");
        }
        Event::Crashed { plugin, status, stderr } => {
            let status = Lines(status);
            let last = stderr.iter().rfind(|line| !line.is_empty()).map(tracing::field::display);
            tracing::error!(target: "goplug::supervisor", %plugin, instance, last, "crashed: {status}");
        }
        Event::Restarted { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, instance, "restarted");
        }
        Event::GivenUp { plugin, reason } => {
            let reason = Lines(reason);
            tracing::error!(target: "goplug::supervisor", %plugin, instance, "given up: {reason}");
        }
        Event::Upgraded { plugin } => {
            tracing::info!(target: "goplug::supervisor", %plugin, instance, "upgraded");
        }
        Event::UpgradeFailed { plugin, reason } => {
            let reason = Lines(reason);
            tracing::warn!(target: "goplug::supervisor", %plugin, instance, "not upgraded: {reason}");
        }
        Event::StopFailed { plugin, reason, .. } => {
            tracing::error!(target: "goplug::supervisor", %plugin, instance, "not stopped: {}", Lines(reason));
        }
        Event::Attached { .. } | Event::InDevelopment { .. } => log_development(event, instance),
        Event::Unconfined { plugin, reason } => {
            let reason = Lines(reason);
            tracing::warn!(target: "goplug::supervisor", %plugin, instance, "not confined: {reason}");
        }
        Event::PermissionsDenied { .. } | Event::PermissionsRequested { .. } => {
            log_permissions(event, instance);
        }
        Event::Rejected { .. }
        | Event::CallbacksMissed { .. }
        | Event::ContractDrift { .. }
        | Event::Instance { .. }
        | Event::Missed { .. } => {}
    });
}

/// Logs what has happened to files.
fn log_discovery(event: &Event) {
    match event {
        Event::Discovered { plugin } => {
            tracing::debug!(target: "goplug::discovery", %plugin, "discovered");
        }
        Event::Changed { plugin } => {
            tracing::debug!(target: "goplug::discovery", %plugin, "its .pconf has new content");
        }
        Event::Removed { plugin } => {
            tracing::info!(target: "goplug::discovery", %plugin, "its .pconf is gone");
        }
        _ => {}
    }
}

/// Logs what a plugin asks for and does not have.
fn log_permissions(event: &Event, instance: Option<usize>) {
    match event {
        Event::PermissionsDenied { plugin, reasons, .. } => {
            let reasons = reasons.join("; ");
            let reasons = Lines(&reasons);
            tracing::warn!(target: "goplug::supervisor", %plugin, instance, "not granted: {reasons}");
        }
        Event::PermissionsRequested { plugin, permissions } => {
            let asked = Permission::list(permissions);
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                instance,
                "its new version waits for consent to {asked}"
            );
        }
        _ => {}
    }
}

/// Logs what no host in production should do.
fn log_development(event: &Event, instance: Option<usize>) {
    match event {
        Event::Attached { plugin, socket } => {
            let socket = Lines(socket.display());
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                instance,
                "GOPLUG_ATTACH: the process at {socket} is used in place of starting one; calls to it \
                 have no deadline"
            );
        }
        Event::InDevelopment { plugin } => {
            tracing::warn!(
                target: "goplug::supervisor",
                %plugin,
                instance,
                "it is installed for development: its program has no digest, and may change at any time"
            );
        }
        _ => {}
    }
}
