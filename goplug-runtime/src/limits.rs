//! Every limit, time-out and default of goplug, in one place. Imports nothing.

mod network;
mod streams;

use std::time::Duration;

pub use network::{
    HANDSHAKE_TIMEOUT, HEARTBEAT_INTERVAL, HEARTBEAT_TIMEOUT, MAX_CONCURRENT_STREAMS,
    REMOTE_CONNECT_TIMEOUT, REMOTE_DRAIN, REMOTE_IDLE_TIMEOUT, REMOTE_PROBE, REMOTE_PROBES,
    REMOTE_SILENCE, SECURITY_FILES_INTERVAL,
};
pub use streams::{
    MAX_HEADER_ARGUMENTS, MAX_TRAILER, STREAM_BURST, STREAM_COPIED, STREAM_IDLE, STREAM_PIECE,
    STREAM_READ, STREAM_SLICE, STREAM_TURN,
};

/// The largest request or response body, in bytes: 64 MiB.
pub const MAX_BODY: usize = 64 << 20;

/// The most parts of a body of the media type `multipart/form-data`.
pub const MAX_PARTS: usize = 64;

/// The longest head of one part of such a body, in bytes: 8 KiB.
pub const MAX_PART_HEAD: usize = 8 << 10;

/// The largest `.pconf` that is read, in bytes: 1 MiB.
pub const MAX_PCONF: u64 = 1 << 20;

/// The largest signature of a `.pconf` that is read, in bytes: 16 KiB. minisign's own bound for the comments in
/// one is 9 KiB.
pub const MAX_SIGNATURE: u64 = 16 << 10;

/// The largest `.pconf` file that a plugin writes with the schemas of its types, in bytes. A larger
/// one is written without them.
pub const MAX_PCONF_SCHEMAS: usize = 1 << 19;

/// The largest descriptor that a host reads from a plugin's answers, in bytes: 8 MiB.
pub const MAX_DESCRIPTOR: usize = 8 << 20;

/// How many refused accesses a [`Sandbox::learn`](crate::host::Sandbox::learn) keeps of a plugin: 1000.
pub const MAX_LEARNED: usize = 1000;

/// The most members of each kind in a descriptor, such as methods, callbacks, or parameters of one
/// method: 10,000.
pub const MAX_MEMBERS: usize = 10_000;

/// How long a call may take if the caller sets no time: 30 s.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a plugin may take from its start to the end of its activation: 10 s.
pub const START_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a stop waits for the calls in flight and the stop hook before the plugin is forced to
/// end: 5 s.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A plugin that is told when its host will force it to end has stopped this much earlier: 500 ms, or a
/// part of the time by [`STOP_RESERVE_PART`] if that is less. So it can say what it has cut off.
pub const STOP_RESERVE: Duration = Duration::from_millis(500);

/// The part of the time for a stop that is kept for its end: a quarter.
pub const STOP_RESERVE_PART: u32 = 4;

/// How long a peer may take to send the rest of a request's head, or the next part of its body:
/// 30 s. A connection without a request may stay open for any time.
pub const PEER_IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a plugin waits, after its last host has gone, before it runs its stop hook: 100 ms. A host
/// whose connection broke comes back within that time.
pub const HOST_GRACE: Duration = Duration::from_millis(100);

/// How often a plugin checks whether a peer that waits for a response has hung up: 1 s. Mostly the
/// system reports that; this is for peers that have sent further requests behind the first.
pub const HANGUP_POLL: Duration = Duration::from_secs(1);

/// How often a registry that discovers by itself looks, without a file event, whether its folder or a
/// program that runs has changed: 2 s.
pub const RECONCILE_INTERVAL: Duration = Duration::from_secs(2);

/// How often such a registry looks at each file as well, not only at the folder: 30 s. This finds
/// files that were changed in place and whose events got lost.
pub const RECONCILE_FILES_INTERVAL: Duration = Duration::from_secs(30);

/// How long a registry's folder may take to be read before operations that need it fail: 5 s. A dead
/// mount takes for ever.
pub const FOLDER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a registry waits after a file event for further events of the same change: 10 ms.
pub const FILE_EVENT_DEBOUNCE: Duration = Duration::from_millis(10);

/// How many callbacks wait for one host before `notify` waits as well.
pub const CALLBACK_QUEUE: usize = 1024;

/// How many bytes of sent callbacks a plugin keeps for one host, to send them again on a new
/// stream: 1 MiB.
pub const CALLBACK_REPLAY: usize = 1 << 20;

/// How many bytes of callbacks wait for one host before `notify` waits as well: 8 MiB. A single
/// larger callback may wait alone.
pub const CALLBACK_QUEUE_BYTES: usize = 8 << 20;

/// How long a plugin remembers a host whose callback stream broke, so that the host can resume it:
/// 30 s.
pub const CALLBACK_RESUME: Duration = Duration::from_secs(30);

/// The most hosts for which one plugin keeps callbacks.
pub const CALLBACK_HOSTS: usize = 64;

/// How many calls of a host's services one plugin may have in flight: 64. Further calls wait in the
/// plugin; one more that is sent nevertheless is refused.
pub const SERVICE_CALLS: usize = 64;

/// How many bytes the arguments of the calls of a host's services may have together that one plugin has in
/// flight: 128 MiB. A call that would exceed it is refused, unless it is the only one.
pub const SERVICE_CALLS_BYTES: usize = 128 << 20;

/// How many replies to calls of services a host sends one process before it opens a stream for them: 8.
pub const REPLIES_BEFORE_STREAM: u32 = 8;

/// The largest reply that a host sends on the stream of replies, in bytes: 4 KiB. Larger ones are requests
/// of their own, and hold up no other.
pub const STREAMED_REPLY: usize = 4 << 10;

/// How deep calls may be within each other that go from a plugin to a host or from a host to a plugin:
/// 32. So plugins that call each other in a circle end before their deadline.
pub const CHAIN_DEPTH: usize = 32;

/// How long the names of calls within each other may be together, in bytes: 4 KiB.
pub const CHAIN_BYTES: usize = 4 << 10;

/// A call that is made within another gets this much less than what the other has left: 100 ms, or a
/// part of it by [`NESTED_RESERVE_PART`] if that is less. So the inner one ends first.
pub const NESTED_RESERVE: Duration = Duration::from_millis(100);

/// The part of what a call has left that a call within it does not get: a tenth.
pub const NESTED_RESERVE_PART: u32 = 10;

/// The most causes of a [`RemoteError`](crate::RemoteError) that its `source` leads to. Its `chain` has
/// all of them.
pub const REMOTE_CAUSES: usize = 64;

/// Waiting callbacks are joined into segments of about this many bytes: 64 KiB. With segments of a
/// quarter of this size, callbacks take a seventh longer.
pub const CALLBACK_SEGMENT: usize = 64 << 10;

/// How many values of a [`Progress`](crate::typed::Progress) wait for a caller that is behind. Then the
/// method waits.
pub const PROGRESS_BACKLOG: usize = 64;

/// The longest duration that can be set: a hundred years. Longer ones are shortened to this, so
/// that they can be added to a point in time.
pub const MAX_DURATION: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How many connections a plugin serves at a time. For a further one, the connection ends that has waited
/// for a request for the longest time; if none waits, the further one waits to be accepted.
pub const MAX_CONNECTIONS: usize = 512;

/// How long a stopping plugin waits until its last responses have been read: 1 s.
pub const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The largest event of an event stream, in bytes: 64 MiB.
pub const MAX_EVENT: usize = MAX_BODY;

/// How many threads a process has at most for methods and checks that block: 512, as tokio has. More
/// work than that waits.
pub const BLOCKING_THREADS: usize = 512;

/// How much blocking work waits for a thread at most: 4096 jobs. Further jobs fail.
pub const BLOCKING_QUEUE: usize = 4096;

/// How long a plugin may take to say what its types are, when a typed client is bound: 5 s. Most
/// clients are bound in a load, when the machine may be busy with the start of other plugins; without
/// an answer, only names are compared. A client that is bound without `await` blocks its thread for
/// that long at the most.
pub const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connect to a plugin's socket may take that no call waits for: 2 s. A socket with a
/// listener accepts at once, unless its queue is full. A call waits until its own deadline.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a call waits while this process has no descriptor or no memory for its connection: 2 s,
/// or until its own deadline.
pub const SHORTAGE_WAIT: Duration = Duration::from_secs(2);

/// How many connections a host opens to one plugin for calls: 448. Further calls wait for one of
/// them. That leaves some of the [`MAX_CONNECTIONS`] that a plugin serves for other hosts, for
/// streams of callbacks, and for requests for which calls in flight may wait.
pub const MAX_CALL_CONNECTIONS: usize = 448;

/// How long a host waits for a plugin to register callbacks before it is activated: 5 s, and at most
/// half of the time that its start has left. After that the plugin is activated nevertheless.
pub const EARLY_REGISTRATION_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a host looks whether a plugin that is being started has bound a socket of its own, in
/// place of the one that it was given: every 20 ms.
pub const OWN_SOCKET_POLL: Duration = Duration::from_millis(20);

/// How long a host waits before it opens a broken callback stream again: 10 ms, doubled with each
/// failure up to [`CALLBACK_RETRY_MAX`].
pub const CALLBACK_RETRY_MIN: Duration = Duration::from_millis(10);

/// The longest wait before a broken callback stream is opened again: 1 s.
pub const CALLBACK_RETRY_MAX: Duration = Duration::from_secs(1);

/// How many callbacks a host reads ahead of its handlers before it stops reading. Callbacks that
/// arrive in one segment are read together.
pub const CALLBACK_BACKLOG: usize = 64;

/// How many bytes of callbacks a host reads ahead of its handlers before it stops reading: 1 MiB. A
/// single larger callback may wait alone.
pub const CALLBACK_BACKLOG_BYTES: usize = 1 << 20;

/// How long callback handlers that never wait may run before other tasks get a turn: 1 ms.
pub const CALLBACK_SLICE: Duration = Duration::from_millis(1);

/// The most instances of one plugin: 64. Each is a process.
pub const MAX_INSTANCES: usize = 64;

/// How many commands wait for one plugin's supervisor before the next sender waits.
pub const COMMAND_QUEUE: usize = 16;

/// The most idle connections that a host keeps to one plugin.
pub const MAX_IDLE_CONNECTIONS: usize = 64;

/// How long a call may take while others wait behind it on the same connection: 1 ms. After that
/// the plugin gives the others back, and the host sends them on another connection.
pub const PIPELINE_STALL: Duration = Duration::from_millis(1);

/// For how long a socket is busy polled before its reader waits, unless set: 20 µs. To wake a halted
/// processor takes about as long.
pub const BUSY_POLL: Duration = Duration::from_micros(20);

/// The longest time for which a socket is busy polled before its reader waits: 100 µs.
pub const MAX_BUSY_POLL: Duration = Duration::from_micros(100);

/// How long a call on a connection of its own may take to count as fast: 10 ms. The limit allows for
/// a busy machine; [`PIPELINE_STALL`] makes sure that no call waits for a slow call.
pub const PIPELINE_FAST_CALL: Duration = Duration::from_millis(10);

/// The most calls in flight on a shared connection: 64.
pub const PIPELINE_DEPTH: usize = 64;

/// The longest text of an error that a plugin or a host is told by the other, in bytes: 64 KiB. The rest is cut
/// off.
pub const MAX_DETAIL: usize = 64 << 10;

/// How many callbacks one host may listen to in one plugin: as many as a descriptor may have.
pub const MAX_LISTENED: usize = MAX_MEMBERS;

/// How many bytes of a response that is no problem document an error shows: 1 KiB.
pub const ERROR_EXCERPT: usize = 1 << 10;

/// How long a stop waits for the end of a process that was killed: 5 s. A busy machine and the memory of a
/// large process take a while. A process that the system does not let end is an error then.
pub const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a process that has not ended is killed again: every second.
pub const KILL_INTERVAL: Duration = Duration::from_secs(1);

/// Of how many plugins that were removed a registry keeps the permissions that its host has consented to: 1024.
/// They hold when such a plugin is back.
pub const KEPT_CONSENTS: usize = 1024;

/// How many lines of standard error the report of a crash contains.
pub const STDERR_LINES: usize = 20;

/// The longest line of a plugin's output that is kept as a whole, in bytes: 8 KiB.
pub const MAX_OUTPUT_LINE: usize = 8 << 10;

/// The longest line of JSON that is read as a record of a log, in bytes: 64 KiB.
pub const MAX_LOG_RECORD: usize = 64 << 10;

/// How many lines a second of each output of a plugin's process are read, after the first ones: 50,000. A line
/// counts once for each KiB that it has begun. A plugin that prints more waits for its host.
pub const OUTPUT_RATE: u32 = 50_000;

/// How many lines a second a plugin's process adds to the log of its host, if it prints more for longer
/// than [`LOG_BURST`] covers: 1000. A line counts once for each KiB that it has begun. What is left
/// out is counted.
pub const LOG_RATE: u32 = 1000;

/// How many lines a plugin's process may add to the log of its host at once: 5000. A quarter of them
/// is for warnings and errors.
pub const LOG_BURST: u32 = 5000;

/// How often the log says how many lines of a plugin are left out: every second.
pub const LOG_LEFT_OUT: Duration = Duration::from_secs(1);

/// How many warnings of one kind a plugin may cause in the log of its host within [`LOG_LEFT_OUT`], by what it
/// sends: 10. Further ones are counted.
pub const WARNINGS: u32 = 10;

/// How many registry events a slow listener may be behind before it misses some.
pub const EVENT_BACKLOG: usize = 1024;

/// How many bytes of text these events may have together: 4 MiB. A single larger one may wait alone.
pub const EVENT_BACKLOG_BYTES: usize = 4 << 20;

/// The wait before the first restart of a crashed plugin: 5 ms, plus a random part of up to the
/// same length. Most crashes are single ones, and callers should not wait for the recovery.
pub const RESTART_MIN_DELAY: Duration = Duration::from_millis(5);

/// The factor between two waits in a row: 5. So the [`MAX_RESTARTS`] restarts take seconds, in
/// which a temporary failure can pass.
pub const RESTART_FACTOR: f32 = 5.0;

/// How many plugins may be nested: a plugin may be a host, whose plugins may be hosts as well. The
/// limit of 5 ends programs that start themselves without end.
pub const MAX_NESTING: u32 = 5;

/// The longest wait before a restart: 30 s.
pub const RESTART_MAX_DELAY: Duration = Duration::from_secs(30);

/// How many restarts within [`RESTART_WINDOW`] are made before a plugin stays stopped: 5, as in
/// systemd.
pub const MAX_RESTARTS: usize = 5;

/// The time within which restarts are counted: 2 min. It is long enough for [`MAX_RESTARTS`] starts
/// that hang and instances that crash soon, and for the waits between them.
pub const RESTART_WINDOW: Duration = Duration::from_secs(120);

/// The shortest wait before a start is tried again for which the host was short of something, such as
/// descriptors: 100 ms. The further waits are those between restarts.
pub const SHORTAGE_MIN_DELAY: Duration = Duration::from_millis(100);

/// How long an upgrade waits for its other half: 5 s. A program and the `.pconf` with its digest are
/// two files, and one of them is there first.
pub const UPGRADE_PAIR_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a load looks meanwhile whether the other half is there: 100 ms.
pub const UPGRADE_PAIR_POLL: Duration = Duration::from_millis(100);

/// How long an instance has to run for earlier restarts to be forgotten: 10 s.
pub const RESTART_RESET_AFTER: Duration = Duration::from_secs(10);

/// How often a plugin's health is checked, if a check is set: 10 s.
pub const HEALTH_INTERVAL: Duration = Duration::from_secs(10);

/// How long the response to a health check may take: 2 s.
pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// How many health checks in a row may fail before a plugin is restarted: 3.
pub const HEALTH_FAILURES: u32 = 3;

/// How long a replaced instance may take to finish its calls before it is stopped nevertheless: as
/// long as a call may take.
pub const DRAIN_TIMEOUT: Duration = CALL_TIMEOUT;

/// How deep the types of a contract are compared: 64 places within each other. A type that contains
/// itself counts once.
pub const CONTRACT_DEPTH: usize = 64;

/// How many steps a comparison of two descriptors takes at most: 200 000. A contract with a hundred
/// methods takes a few thousand.
pub const CONTRACT_WORK: u32 = 200_000;

/// How many alternatives a type of a contract has at most: 1024. A list of strings is one.
pub const CONTRACT_ALTERNATIVES: usize = 1024;

/// How many differences are reported for one part of a member at most: 32, the worst ones.
pub const CONTRACT_DIFFERENCES: usize = 32;

/// How many steps the check of a configuration against its schema takes at most: 200 000, which take
/// milliseconds. A value of ten thousand numbers takes about as many steps. What is beyond is not
/// refused, and a warning is logged.
pub const CONFIGURATION_WORK: usize = 200_000;

/// How deep the schemas of a configuration are followed into each other: 64. What is beyond is not
/// refused.
pub const CONFIGURATION_DEPTH: usize = 64;

/// How many places of a configuration that do not fit are collected at most: 32.
pub const CONFIGURATION_MISFITS: usize = 32;
