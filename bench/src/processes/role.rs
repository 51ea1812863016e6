//! The roles in which the benchmark's program starts itself.

use std::process::Command;

use anyhow::{Context, Result};

/// A role. The first argument of the program names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Takes one sample: `as-host ROW PEER SCALE`.
    Host,
    /// Is the plugin process of a peer: `as-plugin PEER`.
    Plugin,
    /// Is a host whose instructions are counted: `as-counted PEER CALLS`.
    CountedHost,
    /// Pins itself and then becomes another program: `as-pinned PROGRAM ARGUMENT...`.
    Pinned,
    /// Keeps a processor busy: `as-spinner PRIORITY`.
    Spinner,
}

impl Role {
    const ALL: [Self; 5] =
        [Self::Host, Self::Plugin, Self::CountedHost, Self::Pinned, Self::Spinner];

    /// The argument that names the role.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Host => "as-host",
            Self::Plugin => "as-plugin",
            Self::CountedHost => "as-counted",
            Self::Pinned => "as-pinned",
            Self::Spinner => "as-spinner",
        }
    }

    /// The role that an argument names.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// A command that starts this program in this role.
    pub(crate) fn command(self, arguments: &[&str]) -> Result<Command> {
        let program = std::env::current_exe().context("finding this program")?;
        let mut command = Command::new(program);
        command.arg(self.name()).args(arguments);
        Ok(command)
    }
}
