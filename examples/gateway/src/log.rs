//! The log of the gateway and of its plugins, on standard error.

/// Installs the subscriber. What plugins say with `tracing` are events here too.
pub(crate) fn set_up() {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
}
