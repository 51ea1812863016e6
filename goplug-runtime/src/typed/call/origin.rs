//! Where a call comes from, for the calls that are made within it.

use crate::protocol::chain::Chain;

/// Where a call comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOrigin {
    /// The token of the host that has made the call; `None` if it has not said.
    pub(crate) host: Option<String>,
    /// The call, and those that it is within.
    pub(crate) chain: Chain,
}
