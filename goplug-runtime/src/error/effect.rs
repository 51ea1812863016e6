//! Whether a failed call may have had an effect.

use super::Error;

impl Error {
    /// Whether the failed call may have had an effect in the plugin. If this is `false`, a retry is
    /// safe.
    pub fn may_have_executed(&self) -> bool {
        // Without a wildcard: a new variant must not silently mean that a retry is safe.
        match self {
            Self::Crashed { may_have_executed, .. } | Self::Deadline { may_have_executed, .. } => {
                *may_have_executed
            }
            Self::Decode { .. }
            | Self::TooLarge { .. }
            | Self::Panicked { .. }
            | Self::Unfinished { .. }
            | Self::Remote { .. }
            | Self::Method(_)
            | Self::Protocol(_)
            | Self::Io { .. } => true,
            Self::InvalidName(_)
            | Self::Configuration(_)
            | Self::NotFound { .. }
            | Self::Rejected { .. }
            | Self::Start { .. }
            | Self::Stop { .. }
            | Self::Unavailable { .. }
            | Self::Stopped
            | Self::Internal(_)
            | Self::Connect { .. }
            | Self::Runtime(_)
            | Self::UnknownMethod { .. }
            | Self::NotOffered { .. }
            | Self::Arguments { .. }
            | Self::Contract { .. }
            | Self::NotProvided { .. }
            | Self::PermissionsDenied { .. }
            | Self::ConsentRequired { .. }
            | Self::TooDeep { .. }
            | Self::NotRegistered { .. }
            | Self::NoPlugin { .. } => false,
        }
    }
}
