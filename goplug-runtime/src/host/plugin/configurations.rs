//! What a plugin was configured with after the start of its registry.
//!
//! Its instances get a new configuration one after another. Until the last has it, it is a candidate: only
//! the slots that it has reached start with it, and if one of them cannot, none keeps it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::host::policy::PluginConfiguration;

/// The configurations of one plugin.
#[derive(Default)]
pub(super) struct Configurations(Mutex<Given>);

#[derive(Default)]
struct Given {
    /// What the plugin has; `None` if it was not configured since the start of its registry.
    current: Option<PluginConfiguration>,
    candidate: Option<Candidate>,
}

struct Candidate {
    configuration: PluginConfiguration,
    /// The last slot that it has reached.
    reached: usize,
}

impl Configurations {
    /// Has this slot start with a candidate from now on, as those before it do.
    pub(super) fn reach(&self, slot: usize, configuration: &PluginConfiguration) {
        let configuration = configuration.clone();
        self.lock().candidate = Some(Candidate { configuration, reached: slot });
    }

    /// Makes the candidate, which has reached all slots, the configuration of the plugin.
    pub(super) fn accept(&self) {
        let mut given = self.lock();
        if let Some(Candidate { configuration, .. }) = given.candidate.take() {
            given.current = Some(configuration);
        }
    }

    /// Leaves the plugin with the configuration that it had.
    pub(super) fn withdraw(&self) {
        self.lock().candidate = None;
    }

    /// What the next process of this slot is configured with, if the plugin was configured.
    pub(super) fn next(&self, slot: usize) -> Option<PluginConfiguration> {
        let given = self.lock();
        let candidate = given.candidate.as_ref().filter(|candidate| slot <= candidate.reached);
        candidate.map(|candidate| &candidate.configuration).or(given.current.as_ref()).cloned()
    }

    /// Whether the plugin was configured.
    pub(super) fn is_given(&self) -> bool {
        let given = self.lock();
        given.current.is_some() || given.candidate.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> PluginConfiguration {
        PluginConfiguration::of(&text).unwrap()
    }

    #[test]
    fn a_candidate_is_for_the_slots_that_it_has_reached() {
        let configurations = Configurations::default();
        let next = || [0, 1, 2].map(|slot| configurations.next(slot));
        assert!(!configurations.is_given());
        configurations.reach(0, &of("a"));
        configurations.reach(1, &of("a"));
        assert_eq!(next(), [Some(of("a")), Some(of("a")), None]);
        configurations.reach(2, &of("a"));
        configurations.accept();
        configurations.reach(0, &of("b"));
        assert_eq!(next(), [Some(of("b")), Some(of("a")), Some(of("a"))]);
        configurations.withdraw();
        assert_eq!(next(), [(); 3].map(|()| Some(of("a"))));
    }
}
