//! The rows: what is done with each peer, and what is counted meanwhile.

mod add;
mod callbacks;
mod echo;
mod in_flight;
pub(crate) mod instructions;
mod large;
mod memory;
mod start;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::peers::Peer;
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
    Take,
    EchoLarge,
    Callbacks,
    JoinedCallbacks,
    Start,
    Memory,
    Instructions,
}

impl Row {
    pub(crate) const ALL: [Self; 10] = [
        Self::Add,
        Self::Echo,
        Self::InFlight,
        Self::Take,
        Self::EchoLarge,
        Self::Callbacks,
        Self::JoinedCallbacks,
        Self::Start,
        Self::Memory,
        Self::Instructions,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
            Self::InFlight => "in-flight",
            Self::Take => "take",
            Self::EchoLarge => "echo-large",
            Self::Callbacks => "callbacks",
            Self::JoinedCallbacks => "joined-callbacks",
            Self::Start => "start",
            Self::Memory => "memory",
            Self::Instructions => "instructions",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// How often each sample is taken.
    pub(crate) fn rounds(self, scale: Scale) -> usize {
        match self {
            // They are all but the same each time, and take long.
            Self::Instructions => 1,
            _ => scale.rounds(),
        }
    }

    /// Why it cannot be measured here, if it cannot.
    pub(crate) fn is_missing(self) -> Option<&'static str> {
        (self == Self::Instructions && !instructions::is_possible())
            .then_some("there is no valgrind")
    }

    /// What the numbers of a sample are.
    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Add => &add::FIGURES,
            Self::Echo => &echo::FIGURES,
            Self::InFlight => &in_flight::FIGURES,
            Self::Take => &large::TAKE,
            Self::EchoLarge => &large::ECHO,
            Self::Callbacks => &callbacks::ONE_BY_ONE,
            Self::JoinedCallbacks => &callbacks::JOINED,
            Self::Start => &start::FIGURES,
            Self::Memory => &memory::FIGURES,
            Self::Instructions => &instructions::FIGURES,
        }
    }

    /// Where it is worth measuring.
    pub(crate) fn placements(self) -> &'static [Placement] {
        match self {
            Self::Add | Self::Echo => &Placement::ALL,
            Self::Start | Self::Memory => &[Placement::AsIs],
            // On two, a side may find an answer there already, and take another way.
            Self::Instructions => &[Placement::OneCore],
            _ => &[Placement::OneCore, Placement::AsIs],
        }
    }

    /// Takes one sample.
    pub(crate) async fn sample<P: Peer>(self, scale: Scale) -> Result<Vec<f64>> {
        let mut peer = P::new().await?;
        let sample = match self {
            Self::Add => add::sample(&mut peer, scale).await,
            Self::Echo => echo::sample(&mut peer, scale).await,
            Self::InFlight => in_flight::sample(&mut peer, scale).await,
            Self::Take => large::take(&mut peer, scale).await,
            Self::EchoLarge => large::echo(&mut peer, scale).await,
            Self::Callbacks => callbacks::sample(&mut peer, scale, false).await,
            Self::JoinedCallbacks => callbacks::sample(&mut peer, scale, true).await,
            Self::Start => start::sample(&mut peer, scale).await,
            Self::Memory => memory::sample(&mut peer).await,
            Self::Instructions => bail!("they are counted from outside"),
        };
        peer.stop().await?;
        sample
    }
}
