//! Which processors host and plugin run on. Waking a processor costs more than everything else
//! here, so the placement matters more than the peer.

/// Where host and plugin run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Both on the same processor: what a call costs in instructions and context switches.
    OneCore,
    /// Each on a processor of its own, which a spinner of idle priority keeps awake: what a
    /// call costs if no processor has to be woken.
    Apart,
    /// Wherever the scheduler puts them.
    AsIs,
    /// Wherever the scheduler puts them, while another process computes on each processor.
    Loaded,
}

impl Placement {
    pub(crate) const ALL: [Self; 4] = [Self::OneCore, Self::Apart, Self::AsIs, Self::Loaded];

    /// The name on the command line and in `results.json`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OneCore => "one-core",
            Self::Apart => "apart",
            Self::AsIs => "as-is",
            Self::Loaded => "loaded",
        }
    }

    /// The name in tables.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::OneCore => "one core",
            Self::Apart => "apart, kept awake",
            Self::AsIs => "as the machine is",
            Self::Loaded => "under load",
        }
    }

    /// The placement of this name on the command line.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|placement| placement.name() == name)
    }
}
