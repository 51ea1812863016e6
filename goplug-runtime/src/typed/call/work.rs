//! What a scope is for, as its span says it.

use crate::protocol::PluginId;

/// The target of the spans that goplug makes.
#[cfg(any(feature = "logs", feature = "opentelemetry"))]
pub(crate) const TARGET: &str = "goplug::trace";

/// What a scope is for.
#[cfg_attr(
    not(all(feature = "opentelemetry", any(feature = "host", feature = "plugin"))),
    allow(dead_code, reason = "only spans say what for, and hosts and plugins do most of it")
)]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work<'a> {
    /// A method of a plugin.
    Call { method: &'a str },
    /// A method of a service that this plugin calls.
    Service { plugin: &'a PluginId, method: &'a str },
    /// A handler of a callback; `None` if the handler does not know the plugin.
    Callback { plugin: Option<&'a PluginId>, name: &'a str },
}
