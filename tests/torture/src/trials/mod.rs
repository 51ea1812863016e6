//! The trials. Each measures one promise.

mod callbacks;
#[cfg(unix)]
mod discovery; // what a host that waits costs, by `/proc`
mod host_death;
#[cfg(target_os = "linux")]
mod hostile; // access lists and Landlock
mod instances;
mod load;
mod misbehaving;
mod restart;
mod services;
#[cfg(unix)]
mod strangers; // other users and Landlock
mod streams;
mod upgrade;

use anyhow::Result;

use crate::report::Report;

/// How much each trial does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Short,
    Full,
}

impl Scale {
    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Trial {
    HostDeath,
    Restart,
    Misbehaving,
    Upgrade,
    Instances,
    Callbacks,
    Streams,
    Services,
    Load,
    #[cfg(unix)]
    Discovery,
    #[cfg(unix)]
    Strangers,
    #[cfg(target_os = "linux")]
    Hostile,
}

impl Trial {
    pub(crate) const ALL: &[Self] = &[
        Self::HostDeath,
        Self::Restart,
        Self::Misbehaving,
        Self::Upgrade,
        Self::Instances,
        Self::Callbacks,
        Self::Streams,
        Self::Services,
        Self::Load,
        #[cfg(unix)]
        Self::Discovery,
        #[cfg(unix)]
        Self::Strangers,
        #[cfg(target_os = "linux")]
        Self::Hostile,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HostDeath => "host-death",
            Self::Restart => "restart",
            Self::Misbehaving => "misbehaving",
            Self::Upgrade => "upgrade",
            Self::Instances => "instances",
            Self::Callbacks => "callbacks",
            Self::Streams => "streams",
            Self::Services => "services",
            Self::Load => "load",
            #[cfg(unix)]
            Self::Discovery => "discovery",
            #[cfg(unix)]
            Self::Strangers => "strangers",
            #[cfg(target_os = "linux")]
            Self::Hostile => "hostile",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trial| trial.name() == name)
    }

    pub(crate) async fn run(self, scale: Scale, report: &mut Report) -> Result<()> {
        match self {
            Self::HostDeath => host_death::run(scale, report).await,
            Self::Restart => restart::run(scale, report).await,
            Self::Misbehaving => misbehaving::run(report).await,
            Self::Upgrade => upgrade::run(scale, report).await,
            Self::Instances => instances::run(scale, report).await,
            Self::Callbacks => callbacks::run(scale, report).await,
            Self::Streams => streams::run(scale, report).await,
            Self::Services => services::run(scale, report).await,
            Self::Load => load::run(scale, report).await,
            #[cfg(unix)]
            Self::Discovery => discovery::run(report).await,
            #[cfg(unix)]
            Self::Strangers => strangers::run(report).await,
            #[cfg(target_os = "linux")]
            Self::Hostile => hostile::run(report).await,
        }
    }
}
