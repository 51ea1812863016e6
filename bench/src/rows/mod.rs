//! The rows: what is done with each peer, and what is counted meanwhile.

mod add;
mod beside_slow;
pub(crate) mod callbacks;
pub(crate) mod discover;
mod echo;
pub(crate) mod idle;
mod in_flight;
pub(crate) mod instructions;
mod large;
mod memory;
pub(crate) mod program;
pub(crate) mod start;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::peers::{End, Peer};
use crate::placement::Placement;

/// How much of everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Short,
    Full,
}

impl Scale {
    pub(crate) fn name(self) -> &'static str {
        self.pick("full", "short")
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Short, Self::Full].into_iter().find(|scale| scale.name() == name)
    }

    /// How often each sample of most rows is taken.
    pub(crate) fn rounds(self) -> usize {
        self.pick(15, 5)
    }

    /// How long one sample of repeated calls takes.
    pub(crate) fn time(self) -> Duration {
        self.pick(Duration::from_millis(500), Duration::from_millis(150))
    }

    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }
}

/// One of the numbers of a sample.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    Add,
    Echo,
    InFlight,
    BesideSlow,
    Take,
    EchoLarge,
    Callbacks,
    JoinedCallbacks,
    Start,
    Memory,
    IdleHost,
    Discover,
    Size,
    Crates,
    Build,
    Instructions,
}

impl Row {
    pub(crate) const ALL: [Self; 16] = [
        Self::Add,
        Self::Echo,
        Self::InFlight,
        Self::BesideSlow,
        Self::Take,
        Self::EchoLarge,
        Self::Callbacks,
        Self::JoinedCallbacks,
        Self::Start,
        Self::Memory,
        Self::IdleHost,
        Self::Discover,
        Self::Size,
        Self::Crates,
        Self::Build,
        Self::Instructions,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
            Self::InFlight => "in-flight",
            Self::BesideSlow => "beside-slow",
            Self::Take => "take",
            Self::EchoLarge => "echo-large",
            Self::Callbacks => "callbacks",
            Self::JoinedCallbacks => "joined-callbacks",
            Self::Start => "start",
            Self::Memory => "memory",
            Self::IdleHost => "idle-host",
            Self::Discover => "discover",
            Self::Size => "size",
            Self::Crates => "crates",
            Self::Build => "build",
            Self::Instructions => "instructions",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// How often each sample is taken.
    pub(crate) fn rounds(self, scale: Scale) -> usize {
        match self {
            // They are all but the same each time, or take long.
            Self::Instructions | Self::Size | Self::Crates | Self::Build => 1,
            Self::IdleHost => scale.pick(3, 1),
            // What matters most gets the most of a short time.
            Self::Add | Self::InFlight | Self::Start => scale.rounds(),
            _ => scale.pick(15, 3),
        }
    }

    /// Why it cannot be measured here, if it cannot.
    pub(crate) fn is_missing(self) -> Option<&'static str> {
        (self == Self::Instructions && !instructions::is_possible())
            .then_some("there is no valgrind")
    }

    /// Whether a run has it whose rows are not named.
    pub(crate) fn is_usual(self, scale: Scale) -> bool {
        self != Self::Build || scale == Scale::Full
    }

    /// Beyond this a sample has failed.
    pub(crate) fn patience(self) -> Duration {
        Duration::from_secs(if self == Self::Build { 30 * 60 } else { 60 })
    }

    /// Which program the other process runs.
    pub(crate) fn end(self) -> End {
        match self {
            Self::Start
            | Self::Memory
            | Self::IdleHost
            | Self::Size
            | Self::Crates
            | Self::Build => End::Own,
            _ => End::Shared,
        }
    }

    /// What the numbers of a sample are.
    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Add => &add::FIGURES,
            Self::Echo => &echo::FIGURES,
            Self::InFlight => &in_flight::FIGURES,
            Self::BesideSlow => &beside_slow::FIGURES,
            Self::Take => &large::TAKE,
            Self::EchoLarge => &large::ECHO,
            Self::Callbacks => &callbacks::ONE_BY_ONE,
            Self::JoinedCallbacks => &callbacks::FLATTEN_LIMIT,
            Self::Start => &start::FIGURES,
            Self::Memory => &memory::FIGURES,
            Self::IdleHost => &idle::FIGURES,
            Self::Discover => &discover::FIGURES,
            Self::Size => &program::SIZE,
            Self::Crates => &program::CRATES,
            Self::Build => &program::BUILD,
            Self::Instructions => &instructions::FIGURES,
        }
    }

    /// Where it is worth measuring.
    pub(crate) fn placements(self) -> &'static [Placement] {
        match self {
            Self::Add | Self::Echo => &Placement::ALL,
            Self::Start
            | Self::Memory
            | Self::IdleHost
            | Self::Discover
            | Self::Size
            | Self::Crates
            | Self::Build => &[Placement::AsIs],
            // On two, a side may find an answer there already, and take another way.
            Self::Instructions => &[Placement::OneCore],
            _ => &[Placement::OneCore, Placement::AsIs],
        }
    }

    /// Takes one sample.
    pub(crate) async fn sample<P: Peer>(self, scale: Scale) -> Result<Vec<f64>> {
        if self == Self::IdleHost {
            return idle::sample::<P>(self.end(), scale).await;
        }
        let mut peer = P::new(self.end()).await?;
        let sample = match self {
            Self::Add => add::sample(&mut peer, scale).await,
            Self::Echo => echo::sample(&mut peer, scale).await,
            Self::InFlight => in_flight::sample(&mut peer, scale).await,
            Self::BesideSlow => beside_slow::sample(&mut peer, scale).await,
            Self::Take => large::take(&mut peer, scale).await,
            Self::EchoLarge => large::echo(&mut peer, scale).await,
            Self::Callbacks => callbacks::sample(&mut peer, scale, false).await,
            Self::JoinedCallbacks => callbacks::sample(&mut peer, scale, true).await,
            Self::Start => start::sample(&mut peer, scale).await,
            Self::Memory => memory::sample(&mut peer).await,
            _ => bail!("it is no calls by a host of one peer"),
        };
        peer.stop().await?;
        sample
    }
}
