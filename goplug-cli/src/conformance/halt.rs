//! Why a case does not go on.

/// Why a case does not go on.
#[derive(Debug)]
pub(super) enum Halt {
    Failed(String),
    /// The plugin lacks what the case needs.
    Skipped(String),
}

impl From<String> for Halt {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

impl From<&str> for Halt {
    fn from(reason: &str) -> Self {
        Self::Failed(reason.to_owned())
    }
}

impl From<std::io::Error> for Halt {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}
