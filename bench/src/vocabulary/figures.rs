//! What each row measures: the titles and units of the numbers of a sample.

use super::row_name::RowName;

/// One number of a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
}

impl Figure {
    const fn new(title: &'static str, unit: &'static str) -> Self {
        Self { title, unit }
    }
}

impl RowName {
    /// What the numbers of a sample are, in the order in which a sample has them. The first
    /// one is the most important.
    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Add => &ADD,
            Self::Echo => &ECHO,
            Self::Rare => &RARE,
            Self::InFlight => &IN_FLIGHT,
            Self::BesideSlow => &BESIDE_SLOW,
            Self::Take => &TAKE,
            Self::EchoLarge => &ECHO_LARGE,
            Self::BytesBeside => &BYTES_BESIDE,
            Self::Service => &SERVICE,
            Self::Callbacks => &CALLBACKS,
            Self::JoinedCallbacks => &JOINED_CALLBACKS,
            Self::ReceiveItems => &RECEIVE_ITEMS,
            Self::SendItems => &SEND_ITEMS,
            Self::ReceiveChunks => &RECEIVE_CHUNKS,
            Self::SendChunks => &SEND_CHUNKS,
            Self::Start => &START,
            Self::Bind => &BIND,
            Self::Memory => &MEMORY,
            Self::IdleHost => &IDLE_HOST,
            Self::Discover => &DISCOVER,
            Self::Instances => &INSTANCES,
            Self::Size => &SIZE,
            Self::Crates => &CRATES,
            Self::Build => &BUILD,
            Self::Instructions => &INSTRUCTIONS,
        }
    }
}

const ADD: [Figure; 3] = [
    Figure::new("Typed call `add(i64, i64)`, median", "µs"),
    Figure::new("Typed call `add(i64, i64)`, 99th percentile", "µs"),
    Figure::new("Typed call `add(i64, i64)`, processor time of both sides", "µs"),
];
const ECHO: [Figure; 1] = [Figure::new("Echo of 1 KiB, median", "µs")];
const RARE: [Figure; 2] = [
    Figure::new("A call of `add` each millisecond, median", "µs"),
    Figure::new("A call of `add` each millisecond, processor time of both sides", "µs"),
];
const IN_FLIGHT: [Figure; 2] = [
    Figure::new("64 calls of `add` in flight", "thousands/s"),
    Figure::new("64 calls of `add` in flight, processor time of a call on both sides", "µs"),
];
const BESIDE_SLOW: [Figure; 3] = [
    Figure::new("64 quick callers beside 4 slow ones, 99.9th percentile", "ms"),
    Figure::new(
        "64 quick callers beside 4 slow ones, 99.9th percentile to that without them",
        "times",
    ),
    Figure::new("64 quick callers beside 4 slow ones, the slowest to that without them", "times"),
];
const TAKE: [Figure; 1] = [Figure::new("16 MiB one way", "GB/s")];
const ECHO_LARGE: [Figure; 1] = [Figure::new("16 MiB there and back", "GB/s")];
const BYTES_BESIDE: [Figure; 3] = [
    Figure::new("5 MB beside two numbers, there and back, to 5 MB alone", "times"),
    Figure::new("5 MB beside two numbers, one way, to 5 MB alone", "times"),
    Figure::new("5 MB beside two numbers, there and back", "ms"),
];
const SERVICE: [Figure; 2] = [
    Figure::new("A service of the host, median", "µs"),
    Figure::new("A service of the host, to a call of `add`", "times"),
];
const CALLBACKS: [Figure; 1] = [Figure::new("Callbacks, one by one", "thousands/s")];
const JOINED_CALLBACKS: [Figure; 1] = [Figure::new("Callbacks, one upon the other", "thousands/s")];
const RECEIVE_ITEMS: [Figure; 1] = [Figure::new("Items of a streamed result", "thousands/s")];
const SEND_ITEMS: [Figure; 1] = [Figure::new("Items of a streamed argument", "thousands/s")];
const RECEIVE_CHUNKS: [Figure; 1] = [Figure::new("Streamed result in chunks of 64 KiB", "GB/s")];
const SEND_CHUNKS: [Figure; 1] = [Figure::new("Streamed argument in chunks of 64 KiB", "GB/s")];
const START: [Figure; 1] = [Figure::new("Start of the process to the first typed call", "ms")];
const BIND: [Figure; 2] = [
    Figure::new("First client of 100 methods with schemas", "ms"),
    Figure::new("Next client of 100 methods with schemas, median", "µs"),
];
const MEMORY: [Figure; 1] = [Figure::new("Resident memory of an idle plugin", "MiB")];
const IDLE_HOST: [Figure; 2] = [
    Figure::new("Processor time of an idle host with 4 plugins", "ms per s"),
    Figure::new("Wake-ups of an idle host with 4 plugins", "1/s"),
];
const DISCOVER: [Figure; 1] = [Figure::new("1,000 plugins discovered", "ms")];
const INSTANCES: [Figure; 2] = [
    Figure::new("A method that computes, 2 instances to 1", "times"),
    Figure::new("A method that computes, 2 instances", "calls/s"),
];
const SIZE: [Figure; 1] = [Figure::new("Size of a stripped plugin", "MB")];
const CRATES: [Figure; 1] = [Figure::new("Build of a plugin", "crates")];
const BUILD: [Figure; 1] = [Figure::new("Release build of a plugin, from nothing", "s")];
const INSTRUCTIONS: [Figure; 1] =
    [Figure::new("Instructions of a typed call, both sides", "thousands")];
