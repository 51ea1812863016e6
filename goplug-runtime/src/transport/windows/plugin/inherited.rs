//! What a host names in the environment of the process that it starts: the pipe to serve, and the
//! lifeline.

// Windows itself keeps the environment of a process from being torn, but the standard library's function
// is unsafe for the sake of other systems.
#![allow(unsafe_code)]

use std::io;

use super::Lifeline;
use crate::protocol::wire;
use crate::transport::windows::started_as::named_socket;
use crate::transport::{Listener, started_as};

/// What the host named. Both are `None` if no host started the process, and on a second claim.
#[derive(Debug, Default)]
pub struct Inherited {
    /// The socket to serve on.
    pub listener: Option<Listener>,
    /// Closes when the host has ended.
    pub lifeline: Option<Lifeline>,
}

impl Inherited {
    /// Makes the pipe that `GOPLUG_SOCK` names, unless another process has done so, and takes the
    /// lifeline that `GOPLUG_LIFELINE` names. Removes that variable from the environment: the handle is not
    /// one of the processes that this one starts. `GOPLUG_SOCK` stays, since others, such as `goplug ls`,
    /// know the process by it; who inherits it finds that the pipe is there. Needs a runtime with I/O.
    ///
    /// # Errors
    /// The system's error, and that of a lifeline that is none; the text names the variable.
    pub fn claim() -> io::Result<Self> {
        tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let Some(path) = named_socket(|name| std::env::var(name).ok()) else {
            return Ok(Self::default());
        };
        if !started_as::claim() {
            return Ok(Self::default());
        }
        let lifeline = Lifeline::from_environment()?;
        let listener = Listener::passed(&path).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{} is {}: {error}", wire::ENV_SOCK, path.display()),
            )
        })?;
        // SAFETY: it is safe on Windows, says the documentation.
        unsafe { std::env::remove_var(wire::ENV_LIFELINE) };
        Ok(Self { listener: Some(listener), lifeline })
    }
}

/// The process for which a host meant the environment, if that is not this one: on Windows it is for
/// whichever process serves first, since a launcher often stands before a program.
pub fn meant_for_another() -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_outside_a_runtime_is_an_error() {
        assert!(Inherited::claim().is_err());
    }
}
