//! What a process gets when its parent ends.

/// The signal that the system sends a plugin's process when its host has ended, however it ended.
///
/// Linux has it (`PR_SET_PDEATHSIG`). On Windows the host's job object kills its plugins in any case, and
/// macOS has nothing like it: there the lifeline alone tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentDeathSignal {
    /// SIGTERM: the plugin may run its stop hook and finish what it does. It may also ignore the signal,
    /// and live on.
    Terminate,
    /// SIGKILL: the plugin ends at once, whatever it does.
    Kill,
}
