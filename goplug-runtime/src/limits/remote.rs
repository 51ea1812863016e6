//! The limits of plugins that serve a network.

use std::time::Duration;

/// How long a host may take to connect to a remote plugin: its name, TCP, TLS. 10 s.
pub const REMOTE_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a host asks a remote plugin for its descriptor, to know that it is there and what it is: 10 s.
pub const REMOTE_PROBE: Duration = Duration::from_secs(10);

/// How often a host asks in vain, in a row, before the plugin counts as lost: three times.
pub const REMOTE_PROBES: u32 = 3;

/// How long a stream of callbacks of a remote plugin may be silent before it is opened again: 45 s. The
/// plugin sends a heartbeat three times as often.
pub const REMOTE_SILENCE: Duration = Duration::from_secs(45);
