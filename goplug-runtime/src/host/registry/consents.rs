//! What the host has consented to for plugins that are gone: it holds when they come back.
//!
//! This is all that is kept of them. Otherwise a plugin that is removed and installed again would be granted
//! whatever it asks for by then.

use std::collections::{BTreeMap, VecDeque};

use crate::limits;
use crate::protocol::{Permission, PluginId};

/// The consents of plugins that are gone, the oldest first.
#[derive(Default)]
pub(super) struct Consents {
    by_plugin: BTreeMap<PluginId, Vec<Permission>>,
    order: VecDeque<PluginId>,
}

impl Consents {
    /// Keeps the consent of a plugin, and drops the oldest one if there are more than
    /// [`limits::KEPT_CONSENTS`].
    pub(super) fn keep(&mut self, plugin: PluginId, consent: Vec<Permission>) {
        self.order.retain(|other| *other != plugin);
        self.order.push_back(plugin.clone());
        self.by_plugin.insert(plugin, consent);
        if self.order.len() > limits::KEPT_CONSENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_plugin.remove(&oldest);
        }
    }

    /// The consent of a plugin that is back.
    pub(super) fn take(&mut self, plugin: &PluginId) -> Option<Vec<Permission>> {
        let consent = self.by_plugin.remove(plugin)?;
        self.order.retain(|other| other != plugin);
        Some(consent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(n: usize) -> PluginId {
        PluginId::new(&format!("p{n}"), "").unwrap()
    }

    #[test]
    fn the_consent_of_a_plugin_is_kept_until_it_is_back() {
        let mut consents = Consents::default();
        consents.keep(plugin(1), vec![Permission::Udp]);
        assert_eq!(consents.take(&plugin(2)), None);
        assert_eq!(consents.take(&plugin(1)), Some(vec![Permission::Udp]));
        assert_eq!(consents.take(&plugin(1)), None);
        // No permission is a consent too: what is asked for beyond it waits.
        consents.keep(plugin(1), Vec::new());
        assert_eq!(consents.take(&plugin(1)), Some(Vec::new()));
    }

    #[test]
    fn the_oldest_consents_are_dropped() {
        let mut consents = Consents::default();
        (0..limits::KEPT_CONSENTS).for_each(|n| consents.keep(plugin(n), Vec::new()));
        // It is the newest by now.
        consents.keep(plugin(0), vec![Permission::Udp]);
        consents.keep(plugin(limits::KEPT_CONSENTS), Vec::new());
        assert_eq!(consents.take(&plugin(0)), Some(vec![Permission::Udp]));
        assert_eq!(consents.take(&plugin(1)), None);
        assert_eq!(consents.take(&plugin(2)), Some(Vec::new()));
        assert_eq!(consents.by_plugin.len(), consents.order.len());
    }
}
