//! The map of the project: the rooms of each crate in their order, and which rooms never import
//! each other.
//!
//! Read a list from its start: a room imports only from the rooms before it, so that the
//! first can be understood alone. A new room must be added to its list; a room that no list
//! names, and a name without a room, break a rule. Modules within a room that has no list of its
//! own may import each other, as long as no files do so in a circle.
//!
//! The checker cannot see three kinds of imports: calls of a method that a later room adds to a
//! type of an earlier room, the content of an `include!`, and uses of a macro by the name that
//! `#[macro_export]` puts at the root of the crate.
//!
//! One rule is checked elsewhere: generated code names nothing but the standard library and
//! `::goplug::__private`. The tests of `goplug-macros` check that.

/// The rooms within one module, or within a whole crate.
pub struct Rooms {
    /// The package, then the modules down to the one that contains the rooms, joined by `/`.
    pub of: &'static str,
    /// Each room imports only from those before it. `a | b` are two that never import each other.
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

/// The rooms of every crate that has several, and of the rooms that have an order within.
pub const ROOMS: &[Rooms] = &[
    Rooms { of: "goplug", order: &["__private", "testing", "program"] },
    Rooms {
        of: "goplug-cli",
        order: &[
            "system",
            "failure",
            "output",
            "log",
            "arguments",
            "pconf",
            "target",
            "program",
            "running",
            "opened",
            "see | call | make | install | conformance",
            "develop",
            "shell",
        ],
    },
    Rooms {
        of: "goplug-codegen",
        order: &[
            "error",
            "source",
            "docs",
            "names",
            "aliases",
            "kinds",
            "forms",
            "rewrite",
            "roles",
            "definitions",
            "cycles",
            "trial",
            "tokens",
            "tidy",
            "spelling",
            "member",
            "contract",
            "generator",
        ],
    },
    Rooms {
        of: "goplug-macros",
        order: &["diag", "attr", "syntax", "model", "emit", "item", "client"],
    },
    Rooms {
        of: "goplug-runtime",
        order: &[
            "limits",
            "memory",
            "protocol",
            "contract",
            "openapi",
            "error",
            "panic",
            "http1",
            "transport",
            "typed",
            "plugin | host",
            "testing",
        ],
    },
    Rooms {
        of: "goplug-runtime/contract",
        order: &[
            "verdict",
            "report",
            "keys",
            "keywords",
            "node",
            "side",
            "text",
            "work",
            "value_set",
            "merge",
            "expand",
            "accepts",
            "alike",
            "verbatim",
            "describe",
            "example",
            "check",
            "spelling",
            "members",
            "compare",
            "service",
        ],
    },
    Rooms {
        of: "goplug-runtime/testing",
        order: &[
            "kept_needs",
            "kept",
            "runtime",
            "failure",
            "callbacks",
            "fault",
            "items",
            "sending",
            "reported_answer",
            "local",
            "in_process",
            "host",
            "test_registry",
        ],
    },
    Rooms {
        of: "goplug-runtime/http1",
        order: &[
            "buffer",
            "head_cache",
            "syntax",
            "chunked",
            "chunks",
            "sender_error",
            "body",
            "body_stream",
            "headers",
            "client | server",
        ],
    },
    Rooms {
        of: "goplug-runtime/typed",
        order: &["declare", "codec", "call", "callback", "table", "client"],
    },
    Rooms {
        of: "goplug-runtime/plugin",
        order: &[
            "problems",
            "select",
            "value",
            "hooks",
            "definition",
            "pconf_file",
            "headers",
            "stop_times",
            "route",
            "lifecycle",
            "callbacks",
            "local_services",
            "dispatch",
            "result_stream",
            "streaming",
            "response",
            "request_handler",
            "hyper_body",
            "connection",
            "services",
            "server",
            "remote",
            "builder",
            "logs",
            "program",
        ],
    },
    Rooms {
        of: "goplug-runtime/host",
        order: &[
            "task",
            "owner",
            "runtime",
            "disk",
            "looks",
            "policy",
            "install",
            "connection",
            "output",
            "instance",
            "callbacks",
            "plugin",
            "registry",
            "blocking",
        ],
    },
    Rooms {
        of: "goplug-bench",
        order: &[
            "vocabulary",
            "programs",
            "processes",
            "peers | rows",
            "matrix",
            "results",
            "render",
            "command_line",
        ],
    },
    Rooms {
        of: "site",
        order: &[
            "source", "settings", "layout", "links", "build", "plugins", "progress", "pipeline",
            "report",
        ],
    },
    Rooms {
        of: "gateway",
        order: &["stop", "log", "ledger", "request_id", "failure", "state", "operations", "routes"],
    },
    Rooms { of: "site-stats", order: &["count", "log", "table"] },
    Rooms {
        of: "torture",
        order: &[
            "asker",
            "attacker",
            "proxy",
            "report",
            "test_env",
            "victim",
            "confining_host",
            "doomed_host",
            "roles",
            "trials",
        ],
    },
    Rooms {
        of: "rooms",
        order: &[
            "map", "error", "written", "size", "uses", "words", "mentions", "packages", "modules",
            "resolve", "graph", "rules", "platform", "checkout", "report",
        ],
    },
];

/// Imports that the order allows and the design does not.
pub const NEVER: &[Never] = &[Never {
    room: "goplug-runtime/host/connection",
    imports: "goplug-runtime/host/policy",
    because: "a connection has no policy",
}];

/// This file, within the checkout.
pub const MAP_FILE: &str = "tests/rooms/src/map.rs";

/// The packages without platform code and unsafe code, except in [`PLATFORM_ROOMS`].
pub const PLATFORM_PACKAGES: &[&str] =
    &["goplug", "goplug-cli", "goplug-codegen", "goplug-macros", "goplug-runtime"];

/// The only rooms with platform code and unsafe code, spelled as in [`Rooms::of`].
pub const PLATFORM_ROOMS: &[&str] = &["goplug-runtime/transport", "goplug-cli/system"];

/// Paths that exist on some systems only. A path starts with one of these, segment by
/// segment; the last segment may be the start of a name.
pub const PLATFORM_PATHS: &[&str] = &[
    "landlock",
    "libc",
    "rustix",
    "signal_hook_registry",
    "std::os",
    "tokio::net::unix",
    "tokio::net::Unix",
    "tokio::net::windows",
    "tokio::signal::unix",
    "tokio::signal::windows",
    "windows_sys",
];

/// Conditions of `cfg` that tell systems apart.
pub const PLATFORM_CONDITIONS: &[&str] =
    &["target_arch", "target_env", "target_family", "target_os", "unix", "windows"];

/// The most lines that a file of `src` may have.
pub const LINES_OF_A_FILE: usize = 400;

/// The most lines that a function may have, from `fn` to its closing brace.
pub const LINES_OF_A_FUNCTION: usize = 50;
