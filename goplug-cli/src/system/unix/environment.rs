//! What a process was started with.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::system::environment_of;

/// The environment with which a process was started.
#[derive(Debug)]
pub(in crate::system) struct Environment(Vec<u8>);

impl Environment {
    /// `None` if there is no such process, or if only others may know its environment.
    pub(in crate::system) fn of(pid: u32) -> Option<Self> {
        environment_of(pid).map(Self)
    }

    /// The value of a variable.
    pub(in crate::system) fn get(&self, name: &str) -> Option<OsString> {
        let variables = self.0.split(|byte| *byte == 0);
        let mut values = variables
            .filter_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
        values.next().map(|value| OsStr::from_bytes(value).to_owned())
    }
}

/// Whether a process was itself started with this environment, and has not inherited it.
pub(in crate::system) fn is_started_with(pid: u32, environment: &Environment) -> bool {
    let id = environment.get("LISTEN_PID").and_then(|id| id.to_str()?.parse().ok());
    id == Some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_split_at_its_zero_bytes() {
        let environment = Environment(b"A=1\0B=x=y\0broken\0C=\0BB=2\0".to_vec());
        let get = |name| environment.get(name);
        assert_eq!(get("A"), Some("1".into()));
        assert_eq!(get("B"), Some("x=y".into()));
        assert_eq!(get("C"), Some("".into()));
        assert_eq!(get("broken"), None);
        assert_eq!(get(""), None);
    }
}
