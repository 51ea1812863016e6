//! What a run measures.

use crate::vocabulary::{PeerName, Placement, RowName, Scale};

/// What the command line names. An empty list stands for everything of its kind.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) scale: Scale,
    pub(crate) rows: Vec<RowName>,
    pub(crate) peers: Vec<PeerName>,
    pub(crate) placements: Vec<Placement>,
}

impl Plan {
    /// Whether the plan names nothing, and therefore measures everything.
    pub(crate) fn is_whole(&self) -> bool {
        self.rows.is_empty() && self.peers.is_empty() && self.placements.is_empty()
    }

    /// The rows to measure, in the order of [`RowName::ALL`].
    pub(super) fn rows(&self) -> Vec<RowName> {
        let is_wanted = |row: &RowName| match &self.rows[..] {
            [] => row.is_default(self.scale),
            named => named.contains(row),
        };
        RowName::ALL.into_iter().filter(is_wanted).collect()
    }

    /// The peers to measure, in the order of [`PeerName::ALL`].
    pub(super) fn peers(&self) -> Vec<PeerName> {
        let is_wanted = |peer: &PeerName| self.peers.is_empty() || self.peers.contains(peer);
        PeerName::ALL.into_iter().filter(is_wanted).collect()
    }

    /// The placements of a row to measure.
    pub(super) fn placements(&self, row: RowName) -> Vec<Placement> {
        let is_wanted = |placement: &Placement| {
            self.placements.is_empty() || self.placements.contains(placement)
        };
        row.placements().iter().copied().filter(is_wanted).collect()
    }
}
