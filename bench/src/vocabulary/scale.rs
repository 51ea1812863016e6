//! A short run or a full one.

use std::time::Duration;

/// How many rounds a run has, and how long they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Short,
    Full,
}

impl Scale {
    /// The name in the results.
    pub(crate) fn name(self) -> &'static str {
        self.pick("full", "short")
    }

    /// The scale of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Short, Self::Full].into_iter().find(|scale| scale.name() == name)
    }

    /// The largest number of rounds of a row.
    pub(crate) fn rounds(self) -> usize {
        self.pick(15, 5)
    }

    /// For how long one sample repeats its calls.
    pub(crate) fn sample_time(self) -> Duration {
        self.pick(Duration::from_millis(500), Duration::from_millis(150))
    }

    /// The first value in a full run, the second in a short one.
    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }
}
