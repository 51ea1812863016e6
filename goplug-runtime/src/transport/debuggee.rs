//! A process that a debugger may hold: meanwhile, what waits for it has no deadline.

use std::time::Duration;

use super::is_traced;

/// How long a wait goes on before it is asked again whether a debugger holds the process. Once the
/// debugger has let it go, it has at least this long to answer.
pub const HELD_WAIT: Duration = Duration::from_secs(1);

/// The process that answers requests, if it is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Debuggee(Option<u32>);

impl Debuggee {
    /// The process of this id.
    #[cfg(feature = "host")]
    pub fn new(process: Option<u32>) -> Self {
        Self(process)
    }

    /// This process.
    #[cfg(feature = "plugin")]
    pub fn this_process() -> Self {
        Self(Some(std::process::id()))
    }

    /// Whether a debugger holds the process. Asks the system: only for what would otherwise end now.
    /// Reads one small file, which does not block.
    pub fn is_held(self) -> bool {
        self.0.is_some_and(is_traced)
    }

    /// Whether a wait that would end now goes on for [`HELD_WAIT`]: a debugger holds the process, or did
    /// so when this was asked before.
    pub fn is_excused(self, was_held: &mut bool) -> bool {
        let is_held = self.is_held();
        std::mem::replace(was_held, is_held) || is_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_excused_once_more_after_the_process_was_held() {
        let mut was_held = true;
        assert!(Debuggee::default().is_excused(&mut was_held));
        assert!(!Debuggee::default().is_excused(&mut was_held));
    }
}
