//! The two versions of the protocol.

/// The version of the protocol that a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// GoPlug 1, the protocol of the original Go library.
    GoPlug1,
    /// GoPlug 2, the protocol of this project.
    GoPlug2,
}
