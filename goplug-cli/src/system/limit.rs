//! What a host needs of the machine.

/// Something that a host needs of the machine.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) what: &'static str,
    pub(crate) found: String,
    pub(crate) is_enough: bool,
    pub(crate) remedy: Remedy,
}

/// What to type if there is not enough of something.
#[derive(Debug)]
pub(crate) enum Remedy {
    Anybody(String),
    /// Only an administrator may do that.
    #[cfg_attr(windows, expect(dead_code, reason = "Windows has no such limit"))]
    Root(String),
}
