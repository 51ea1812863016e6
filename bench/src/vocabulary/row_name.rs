//! The names of the rows, and how each row is measured: in which placements, how often, with
//! which plugin program.

use std::time::Duration;

use super::peer::PluginProgram;
use super::placement::Placement;
use super::scale::Scale;

/// The name of one measurement, which is made with each peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowName {
    Add,
    Echo,
    Rare,
    InFlight,
    BesideSlow,
    Take,
    EchoLarge,
    BytesBeside,
    Service,
    Callbacks,
    JoinedCallbacks,
    ReceiveItems,
    SendItems,
    ReceiveChunks,
    SendChunks,
    Start,
    Bind,
    Memory,
    IdleHost,
    Discover,
    Instances,
    Size,
    Crates,
    Build,
    Instructions,
}

impl RowName {
    /// All rows, in the order in which they are measured and printed.
    pub(crate) const ALL: [Self; 25] = [
        Self::Add,
        Self::Echo,
        Self::Rare,
        Self::InFlight,
        Self::BesideSlow,
        Self::Take,
        Self::EchoLarge,
        Self::BytesBeside,
        Self::Service,
        Self::Callbacks,
        Self::JoinedCallbacks,
        Self::ReceiveItems,
        Self::SendItems,
        Self::ReceiveChunks,
        Self::SendChunks,
        Self::Start,
        Self::Bind,
        Self::Memory,
        Self::IdleHost,
        Self::Discover,
        Self::Instances,
        Self::Size,
        Self::Crates,
        Self::Build,
        Self::Instructions,
    ];

    /// The name on the command line and in `results.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
            Self::Rare => "rare",
            Self::InFlight => "in-flight",
            Self::BesideSlow => "beside-slow",
            Self::Take => "take",
            Self::EchoLarge => "echo-large",
            Self::BytesBeside => "beside",
            Self::Service => "service",
            Self::Callbacks => "callbacks",
            Self::JoinedCallbacks => "joined-callbacks",
            Self::ReceiveItems => "receive-items",
            Self::SendItems => "send-items",
            Self::ReceiveChunks => "receive-chunks",
            Self::SendChunks => "send-chunks",
            Self::Start => "start",
            Self::Bind => "bind",
            Self::Memory => "memory",
            Self::IdleHost => "idle-host",
            Self::Discover => "discover",
            Self::Instances => "instances",
            Self::Size => "size",
            Self::Crates => "crates",
            Self::Build => "build",
            Self::Instructions => "instructions",
        }
    }

    /// The row of this name on the command line.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// How many samples are taken of each peer.
    pub(crate) fn rounds(self, scale: Scale) -> usize {
        match self {
            // These hardly vary from round to round, or take long.
            Self::Instructions | Self::Size | Self::Crates | Self::Build => 1,
            Self::IdleHost => scale.pick(3, 1),
            // The most important rows get the most of a short run.
            Self::Add | Self::InFlight | Self::Start => scale.rounds(),
            _ => scale.pick(15, 3),
        }
    }

    /// Whether a run measures this row if the command line names no rows.
    pub(crate) fn is_default(self, scale: Scale) -> bool {
        self != Self::Build || scale == Scale::Full
    }

    /// How long a sample may take before it counts as failed.
    pub(crate) fn timeout(self) -> Duration {
        Duration::from_secs(if self == Self::Build { 30 * 60 } else { 60 })
    }

    /// Which program the plugin process runs.
    pub(crate) fn plugin_program(self) -> PluginProgram {
        match self {
            Self::Start
            | Self::Memory
            | Self::IdleHost
            | Self::Size
            | Self::Crates
            | Self::Build => PluginProgram::Dedicated,
            _ => PluginProgram::Shared,
        }
    }

    /// The placements in which the row is worth measuring.
    pub(crate) fn placements(self) -> &'static [Placement] {
        match self {
            Self::Add => &Placement::ALL,
            Self::Echo => &[Placement::OneCore, Placement::Apart, Placement::AsIs],
            Self::Rare => &[Placement::AsIs],
            Self::Start
            | Self::Bind
            | Self::Memory
            | Self::IdleHost
            | Self::Discover
            | Self::Instances
            | Self::Size
            | Self::Crates
            | Self::Build => &[Placement::AsIs],
            // On two processors, a response may already be there when a side looks for it, and
            // that side then takes another path through the code.
            Self::Instructions => &[Placement::OneCore],
            _ => &[Placement::OneCore, Placement::AsIs],
        }
    }
}
