//! Which protocol a peer speaks.

/// The protocol that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The original GoPlug's.
    GoPlug1,
    /// This project's.
    GoPlug2,
}
