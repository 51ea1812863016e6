//! The limits and times of plugins on other machines.

use std::time::Duration;

/// How long TLS may take to begin on a connection from another machine: 10 s.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection from another machine may stay open without a request: 11 min. Balancers keep idle
/// connections for up to 10, and the side that closes first has to be theirs. Before its first request that is
/// let in, a connection has as long as a peer may take for a head.
pub const REMOTE_IDLE_TIMEOUT: Duration = Duration::from_secs(660);

/// How often an event stream over the network sends a comment if it has nothing else to send: every 15 s. Proxies
/// take a stream without data for dead, most after 60 s.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// How long the other side of an HTTP/2 connection may take to answer a ping: 20 s.
pub const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(20);

/// How many requests one HTTP/2 connection may have in flight: 256.
pub const MAX_CONCURRENT_STREAMS: u32 = 256;

/// How often a plugin that serves the network looks whether its certificates and tokens have changed: every 2 s.
pub const SECURITY_FILES_INTERVAL: Duration = Duration::from_secs(2);

/// How long the stop of a plugin that serves the network takes at most, unless set: 30 s, after which Kubernetes
/// kills.
pub const REMOTE_DRAIN: Duration = Duration::from_secs(30);

/// How long a host may take to connect to a remote plugin: its name, TCP, TLS. 10 s.
pub const REMOTE_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often a host asks a remote plugin for its descriptor, to know that it is there and what it is: 10 s.
pub const REMOTE_PROBE: Duration = Duration::from_secs(10);

/// How often a host asks in vain, in a row, before the plugin counts as lost: three times.
pub const REMOTE_PROBES: u32 = 3;

/// How long a stream of callbacks of a remote plugin may be silent before it is opened again: 45 s. The
/// plugin sends a heartbeat three times as often.
pub const REMOTE_SILENCE: Duration = Duration::from_secs(45);
