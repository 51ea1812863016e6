//! Every limit and deadline that applies unless another is set, in one place.

use std::time::Duration;

/// The largest request or response body, in bytes: 64 MiB.
pub const BODY: usize = 64 << 20;

/// The largest `.pconf` that is read, in bytes: 1 MiB.
pub const PCONF: u64 = 1 << 20;

/// How long a call may take where the caller names no time: 30 s.
pub const CALL: Duration = Duration::from_secs(30);

/// How long a plugin may take from its start to the end of its activation: 10 s.
pub const START: Duration = Duration::from_secs(10);

/// How long a stop waits for calls in flight and the stop hook before it grows
/// less polite: 5 s.
pub const STOP: Duration = Duration::from_secs(5);

/// How long a peer may take over the head of a request once it has begun, or between
/// two parts of its body: 30 s. A connection without a request may stay as it is.
pub const PEER_IDLE: Duration = Duration::from_secs(30);

/// How often a plugin looks whether a peer is still there that it has not answered yet: 1 s.
/// Mostly it is told; this is for peers that have sent further requests behind the first.
pub const HANGUP: Duration = Duration::from_secs(1);

/// How often a registry compares its folder with what it knows when no file event
/// asks for it: 2 s.
pub const RECONCILE: Duration = Duration::from_secs(2);

/// How often it does so with each file rather than with the folder alone: 30 s. This is for
/// files that were changed in place, and only where their events got lost.
pub const RECONCILE_FILES: Duration = Duration::from_secs(30);

/// How long after a file event a registry waits for the events that belong to it:
/// 10 ms.
pub const SETTLE: Duration = Duration::from_millis(10);

/// Callbacks that wait for one host before `notify` waits as well.
pub const CALLBACK_QUEUE: usize = 1024;

/// Bytes of callbacks already sent that a plugin keeps for one host, to replay
/// them on a new stream: 1 MiB.
pub const CALLBACK_REPLAY: usize = 1 << 20;

/// Bytes of callbacks that wait for one host before `notify` waits as well: 8 MiB. A
/// single larger callback may wait alone.
pub const CALLBACK_QUEUE_BYTES: usize = 8 << 20;

/// How long a plugin remembers a host whose callback stream broke, so that it can
/// resume: 30 s.
pub const CALLBACK_RESUME: Duration = Duration::from_secs(30);

/// Hosts whose callbacks one plugin keeps apart.
pub const CALLBACK_HOSTS: usize = 64;

/// Callbacks that wait are joined into pieces of about this many bytes: 64 KiB, which is all
/// that waits of small ones. With a quarter of that as many cost a seventh more.
pub const CALLBACK_PIECE: usize = 64 << 10;

/// The longest time that can be set: a hundred years. More is taken as this much, so that it
/// can be added to a clock.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Connections that a plugin serves at a time; further ones wait to be accepted.
pub const CONNECTIONS: usize = 512;

/// How long a stopping plugin waits for its last answers to be taken: 1 s.
pub const FLUSH: Duration = Duration::from_secs(1);

/// The largest single event in an event stream, in bytes: 64 MiB.
pub const EVENT: usize = BODY;

/// How long a connect to a plugin's socket may take: 2 s. A socket that someone
/// listens on accepts at once, unless its queue is full.
pub const CONNECT: Duration = Duration::from_secs(2);

/// How long a broken callback stream waits before it is opened again: 10 ms, doubled
/// with each failure up to [`CALLBACK_RETRY_MAX`].
pub const CALLBACK_RETRY_MIN: Duration = Duration::from_millis(10);

/// The longest wait before a broken callback stream is opened again: 1 s.
pub const CALLBACK_RETRY_MAX: Duration = Duration::from_secs(1);

/// Callbacks that a host has read and not yet begun to handle before it stops reading. What
/// came in one piece is read as one.
pub const CALLBACK_BACKLOG: usize = 64;

/// How long handlers of callbacks that need not wait for anything go on before something else
/// can run: 1 ms.
pub const CALLBACK_SLICE: Duration = Duration::from_millis(1);

/// Commands that wait for one plugin's supervisor before the next has to.
pub const COMMANDS: usize = 16;

/// Idle connections that a host keeps to one plugin.
pub const IDLE_CONNECTIONS: usize = 64;

/// How long a call may take that others wait behind, on the same connection: 1 ms. After that
/// the plugin gives those back, and the host sends them elsewhere.
pub const PIPELINE_PATIENCE: Duration = Duration::from_millis(1);

/// The longest time for which a socket is looked at before its reader waits, where that is
/// asked for: 100 µs.
pub const BUSY_POLL: Duration = Duration::from_micros(100);

/// How long a method may take on a connection of its own to be taken for quick: 10 ms. The
/// machine may be busy; that nobody waits for a slow one, [`PIPELINE_PATIENCE`] sees to.
pub const PIPELINE_QUICK: Duration = Duration::from_millis(10);

/// Calls that are on their way at a time on a connection that they share: 64.
pub const PIPELINE_DEPTH: usize = 64;

/// Lines of standard error that travel with the report of a crash.
pub const STDERR_LINES: usize = 20;

/// The longest line of a plugin's output that is kept whole, in bytes: 8 KiB.
pub const OUTPUT_LINE: usize = 8 << 10;

/// Registry events that a slow listener may be behind before it misses some.
pub const EVENT_BACKLOG: usize = 1024;

/// How long the first restart of a plugin that died waits: 5 ms, plus a random part of as
/// much. Most crashes are single ones, and nobody should wait for their recovery.
pub const RESTART_FIRST: Duration = Duration::from_millis(5);

/// How many times as long each further wait in a row is: 5. So the [`RESTARTS`] that are
/// allowed last for seconds, in which something that failed for a moment can come back.
pub const RESTART_GROWTH: f32 = 5.0;

/// The longest wait before a restart: 30 s.
pub const RESTART_LONGEST: Duration = Duration::from_secs(30);

/// Restarts within [`RESTARTS_WITHIN`] before a plugin stays stopped: 5, as systemd has it.
pub const RESTARTS: usize = 5;

/// The time within which restarts are counted: 2 min. It has room for as many starts that
/// hang and runs that are not sound, and for the waits between them.
pub const RESTARTS_WITHIN: Duration = Duration::from_secs(120);

/// How long a run has to last for the restarts before it to be forgotten: 10 s.
pub const RESTART_RESET: Duration = Duration::from_secs(10);

/// How often a plugin's health is checked, where it is: 10 s.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(10);

/// How long the answer to a health check may take: 2 s.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Health checks in a row that may fail before a plugin is restarted: 3.
pub const HEALTH_FAILURES: u32 = 3;

/// How long the calls that a replaced run still has may take before it is stopped all the
/// same: as long as a call.
pub const DRAIN: Duration = CALL;
