//! The map of the project: the rooms of each crate in their order, and who never meets whom.
//!
//! Read a list from top to bottom: a room imports only from rooms above it. A new room gets
//! a line here; a room without a line, and a line without a room, are violations.

/// The rooms within one module, or within a whole crate.
pub struct Rooms {
    /// The package, then the modules down to that which holds the rooms.
    pub of: &'static str,
    /// From the bottom of the house up. `a | b` are two rooms that never import each other.
    pub order: &'static [&'static str],
}

/// An import that the order allows and the design does not.
pub struct Never {
    /// The importing room, spelled as in [`Rooms::of`].
    pub room: &'static str,
    /// The room that it does not import from.
    pub imports: &'static str,
    /// Why not.
    pub because: &'static str,
}

/// The rooms of every crate that has an order.
pub const ROOMS: &[Rooms] = &[
    Rooms {
        of: "goplug-runtime",
        order: &["limits", "protocol", "error", "http1", "transport", "typed", "plugin | host"],
    },
    Rooms {
        of: "goplug-runtime/host",
        order: &[
            "policy",
            "install",
            "connection",
            "instance",
            "callbacks",
            "plugin",
            "registry",
            "blocking",
        ],
    },
];

/// What no room imports although it stands above it.
pub const NEVER: &[Never] = &[Never {
    room: "goplug-runtime/host/connection",
    imports: "goplug-runtime/host/policy",
    because: "a connection has no policy",
}];

/// The package whose platform code stands in one room.
pub const PLATFORM_PACKAGE: &str = "goplug-runtime";

/// The only room with platform code.
pub const PLATFORM_ROOM: &str = "transport";

/// Paths that are there on some systems only. A path starts with one of these, segment by
/// segment; the last segment may be the start of a name.
pub const PLATFORM_PATHS: &[&str] = &[
    "landlock",
    "libc",
    "rustix",
    "signal_hook_registry",
    "std::os",
    "tokio::net::unix",
    "tokio::net::Unix",
    "tokio::signal::unix",
];

/// Conditions of `cfg` that tell systems apart.
pub const PLATFORM_CONDITIONS: &[&str] =
    &["target_arch", "target_env", "target_family", "target_os", "unix", "windows"];

/// The most lines that a file of `src` may have.
pub const LINES_OF_A_FILE: usize = 400;

/// The most lines that a function may have, from `fn` to its closing brace.
pub const LINES_OF_A_FUNCTION: usize = 50;
