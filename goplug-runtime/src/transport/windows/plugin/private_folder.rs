//! The private folder of a plugin that is served for a debugger: on Windows its socket needs none.

use std::io;
use std::path::Path;

use crate::transport::{Listener, secret_socket_path, temp_dir};

/// In place of a folder that other systems have.
#[derive(Debug)]
pub struct PrivateFolder(());

impl PrivateFolder {
    /// Listens on a pipe whose name nobody can guess. Needs a runtime with I/O.
    ///
    /// # Errors
    /// The system's error.
    pub fn listen() -> io::Result<(Self, Listener)> {
        let listener = Listener::bind(&secret_socket_path(&temp_dir())?)?;
        Ok((Self(()), listener))
    }

    /// The folder's path: there is none.
    pub fn path(&self) -> Option<&Path> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_socket_has_a_name_of_its_own() {
        let (_one, first) = PrivateFolder::listen().unwrap();
        let (_other, second) = PrivateFolder::listen().unwrap();
        assert_ne!(first.path().unwrap(), second.path().unwrap());
    }
}
