//! A process that a debugger may hold: meanwhile, what waits for it has no deadline.

use std::time::Duration;

use crate::transport::is_traced;

/// How long a wait goes on before it is asked again whether a debugger holds the process. Once the
/// debugger has let it go, it has at least this long to answer.
pub(super) const HELD_WAIT: Duration = Duration::from_secs(1);

/// The process that answers requests, if it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::host) struct Debuggee(Option<u32>);

impl Debuggee {
    /// The process of this id.
    pub(in crate::host) fn new(process: Option<u32>) -> Self {
        Self(process)
    }

    /// Whether a debugger holds the process. Asks the system: only for what would otherwise end now.
    pub(in crate::host) fn is_held(self) -> bool {
        self.0.is_some_and(is_traced)
    }

    /// Whether a wait that would end now goes on for [`HELD_WAIT`]: a debugger holds the process, or did
    /// so when this was asked before.
    pub(super) fn is_excused(self, was_held: &mut bool) -> bool {
        let is_held = self.is_held();
        std::mem::replace(was_held, is_held) || is_held
    }
}
