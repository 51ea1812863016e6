//! Which plugin this process was started as, while its program has not begun to serve as it.
//!
//! A registry starts a plugin as a process that is told by its environment what it is. If the
//! program does something else instead, and that is to start plugins of its own, it may start
//! itself again and again. So whoever starts plugins asks here first.
//!
//! The environment is inherited by processes that a plugin starts, which are not plugins. How they are
//! told apart depends on the system.

use std::sync::atomic::{AtomicBool, Ordering};

use super::is_first_with_environment;
use crate::protocol::{PluginId, wire};

static CLAIMED: AtomicBool = AtomicBool::new(false);

/// The plugin as which a registry started this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedAs {
    /// The plugin's name and namespace, as they are displayed.
    pub id: String,
    /// Whether the plugin is part of the host's own program, so that this process runs the program
    /// of a host.
    pub is_embedded: bool,
}

impl StartedAs {
    /// The plugin that this process was started as, and does not serve as yet; `None` if no
    /// registry started it, or once `Inherited::claim` was called.
    pub fn unclaimed() -> Option<Self> {
        if CLAIMED.load(Ordering::Acquire) {
            return None;
        }
        let variable = |name: &str| std::env::var(name).ok();
        if is_first_with_environment(variable) { Self::read(variable) } else { None }
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if let Some(id) = variable(wire::ENV_EMBEDDED) {
            return Some(Self { id, is_embedded: true });
        }
        let namespace = variable(wire::ENV_NAMESPACE).unwrap_or_default();
        let id = PluginId::read(&variable(wire::ENV_NAME)?, &namespace).ok()?;
        Some(Self { id: id.to_string(), is_embedded: false })
    }
}

/// Notes that the program begins to serve. Returns false if it did so before.
#[cfg(feature = "plugin")]
pub(in crate::transport) fn claim() -> bool {
    !CLAIMED.swap(true, Ordering::AcqRel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Option<StartedAs> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        StartedAs::read(|name| find(name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn the_plugin_is_read_from_the_environment() {
        let ours = [("GOPLUG_NAME", "A"), ("GOPLUG_NAMESPACE", "x")];
        let started = |id: &str, is_embedded| Some(StartedAs { id: id.into(), is_embedded });
        assert_eq!(read(&ours), started("x.A", false));
        assert_eq!(read(&ours[..1]), started("A", false));
        let embedded = [ours[0], ours[1], ("GOPLUG_EMBEDDED", "x.A")];
        assert_eq!(read(&embedded), started("x.A", true));
        // A socket of systemd's.
        assert_eq!(read(&[("LISTEN_PID", "77"), ("LISTEN_FDS", "1")]), None);
    }
}
