//! The limits and times of streams.

use std::time::Duration;

use super::CALL_TIMEOUT;

/// How many bytes of a stream its sender makes ready before it writes them: 64 KiB, and at most one item
/// more.
pub const STREAM_PIECE: usize = 64 << 10;

/// How many pieces of a stream that is always ready its sender writes, or its reader reads, before other
/// tasks get a turn: 8. Before that, the sender looks whether its peer has answered.
pub const STREAM_BURST: usize = 8;

/// How long a sender takes items of a stream that is always ready before it writes them: 1 ms. It looks at
/// the clock after each 16th.
pub const STREAM_SLICE: Duration = Duration::from_millis(1);

/// Chunks of bytes of a stream that are shorter than this are joined: 16 KiB.
pub const STREAM_COPIED: usize = 16 << 10;

/// How long a host waits for the next part of a streamed result: 30 s, as long as a call may take.
/// The time counts while somebody waits for an item, and not while nobody reads.
pub const STREAM_IDLE: Duration = CALL_TIMEOUT;

/// How many bytes of a stream its reader reads at a time: 68 KiB, so that it reads a whole piece with its
/// last item. A plugin reads as much ahead of the method that takes the stream.
pub const STREAM_READ: usize = STREAM_PIECE + (4 << 10);

/// How many parts of a stream a plugin hands to a method before it lets other calls have a turn.
pub const STREAM_TURN: usize = 4;

/// The longest arguments beside a stream of bytes, in bytes: 32 KiB. They are a header.
pub const MAX_HEADER_ARGUMENTS: usize = 32 << 10;

/// The longest problem document that ends a stream of bytes, in bytes: 32 KiB. It is a trailer. A longer
/// one has no error value, and its text is cut off.
pub const MAX_TRAILER: usize = 32 << 10;
