//! The files of each kind of project.

use crate::arguments::Kind;

/// A file of a template: its path in the project, and its text. Both may hold `{{placeholders}}`.
pub(super) struct File {
    pub(super) path: &'static str,
    pub(super) text: &'static str,
    pub(super) is_executable: bool,
}

macro_rules! file {
    ($path:literal, $source:literal) => {
        file!($path, $source, false)
    };
    ($path:literal, $source:literal, $is_executable:literal) => {
        File {
            path: $path,
            text: include_str!(concat!("../../templates/", $source)),
            is_executable: $is_executable,
        }
    };
}

/// What cargo builds does not belong into a repository.
const IGNORED: File =
    File { path: ".gitignore", text: "/plugins\n/target\n", is_executable: false };

const PLUGIN: &[File] = &[
    file!("Cargo.toml", "plugin/Cargo.toml.in"),
    file!("README.md", "plugin/README.md.in"),
    file!("src/lib.rs", "plugin/src/lib.rs.in"),
    file!("src/main.rs", "plugin/src/main.rs.in"),
    IGNORED,
];

const HOST: &[File] = &[
    file!("Cargo.toml", "host/Cargo.toml.in"),
    file!("README.md", "host/README.md.in"),
    file!("src/main.rs", "host/src/main.rs.in"),
    IGNORED,
];

const CONTRACT: &[File] = &[
    file!("Cargo.toml", "contract/Cargo.toml.in"),
    file!("README.md", "contract/README.md.in"),
    file!("src/lib.rs", "contract/src/lib.rs.in"),
    IGNORED,
];

const WORKSPACE: &[File] = &[
    file!("Cargo.toml", "workspace/Cargo.toml.in"),
    file!("README.md", "workspace/README.md.in"),
    file!("contract/Cargo.toml", "workspace/contract/Cargo.toml.in"),
    file!("contract/src/lib.rs", "workspace/contract/src/lib.rs.in"),
    file!("plugin/Cargo.toml", "workspace/plugin/Cargo.toml.in"),
    file!("plugin/src/main.rs", "workspace/plugin/src/main.rs.in"),
    file!("host/Cargo.toml", "workspace/host/Cargo.toml.in"),
    file!("host/src/main.rs", "workspace/host/src/main.rs.in"),
    IGNORED,
];

const PYTHON: &[File] = &[
    file!("README.md", "python/README.md.in"),
    file!("{{module}}.py", "python/plugin.py.in", true),
    file!("test_{{module}}.py", "python/test_plugin.py.in"),
    file!("goplug/__init__.py", "python/goplug/__init__.py"),
    file!("goplug/callbacks.py", "python/goplug/callbacks.py"),
    file!("goplug/connection.py", "python/goplug/connection.py"),
    file!("goplug/http1.py", "python/goplug/http1.py"),
    file!("goplug/incoming.py", "python/goplug/incoming.py"),
    file!("goplug/output.py", "python/goplug/output.py"),
    file!("goplug/parts.py", "python/goplug/parts.py"),
    file!("goplug/plugin.py", "python/goplug/plugin.py"),
    file!("goplug/problem.py", "python/goplug/problem.py"),
    file!("goplug/program.py", "python/goplug/program.py"),
    file!("goplug/records.py", "python/goplug/records.py"),
    file!("goplug/values.py", "python/goplug/values.py"),
];

/// The files of a kind of project in Rust.
pub(super) fn rust(kind: Kind) -> &'static [File] {
    match kind {
        Kind::Plugin => PLUGIN,
        Kind::Host => HOST,
        Kind::Contract => CONTRACT,
        Kind::Workspace => WORKSPACE,
    }
}

/// The files of a plugin in Python, with the package that speaks the protocol.
pub(super) fn python() -> &'static [File] {
    PYTHON
}
