//! The rows: what is done with each peer, and what is counted meanwhile.

mod add;
mod echo;

use std::time::Duration;

use anyhow::Result;

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

    /// How often each sample is taken.
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
}

impl Row {
    pub(crate) const ALL: [Self; 2] = [Self::Add, Self::Echo];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Echo => "echo",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.name() == name)
    }

    /// What the numbers of a sample are.
    pub(crate) fn figures(self) -> &'static [Figure] {
        match self {
            Self::Add => &add::FIGURES,
            Self::Echo => &echo::FIGURES,
        }
    }

    /// Where it is worth measuring.
    pub(crate) fn placements(self) -> &'static [Placement] {
        match self {
            Self::Add | Self::Echo => &Placement::ALL,
        }
    }

    /// Takes one sample.
    pub(crate) async fn sample<P: Peer>(self, scale: Scale) -> Result<Vec<f64>> {
        let mut peer = P::new().await?;
        let sample = match self {
            Self::Add => add::sample(&mut peer, scale).await,
            Self::Echo => echo::sample(&mut peer, scale).await,
        };
        peer.stop().await?;
        sample
    }
}
