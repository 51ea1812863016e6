//! What a process was started with.

use std::ffi::OsString;
use std::os::windows::ffi::OsStringExt;
use std::path::Path;

use super::process_memory::Parameters;
use super::sockets::server_process;

/// The environment of a process.
#[derive(Debug)]
pub(in crate::system) struct Environment(Vec<u16>);

impl Environment {
    /// `None` if there is no such process, or if only others may know its environment.
    pub(in crate::system) fn of(pid: u32) -> Option<Self> {
        Parameters::of(pid).and_then(|parameters| parameters.environment()).ok().map(Self)
    }

    /// The value of a variable, whose name is the same in upper and in lower case.
    pub(in crate::system) fn get(&self, name: &str) -> Option<OsString> {
        let variables = self.0.split(|letter| *letter == 0);
        let mut values = variables.filter_map(|variable| {
            let (found, value) = variable.split_at_checked(name.len())?;
            let is_name = String::from_utf16_lossy(found).eq_ignore_ascii_case(name);
            value.strip_prefix(&[u16::from(b'=')]).filter(|_| is_name)
        });
        values.next().map(OsString::from_wide)
    }
}

/// Whether a process serves the socket of this environment, and has not only inherited it.
pub(in crate::system) fn is_started_with(pid: u32, environment: &Environment) -> bool {
    let socket = environment.get("GOPLUG_SOCK");
    socket
        .is_some_and(|socket| server_process(Path::new(&socket)).is_ok_and(|server| server == pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_split_at_its_zeros() {
        let text = "=C:=C:\\a\0Path=x=y\0broken\0C=\0PathExt=2\0";
        let environment = Environment(text.encode_utf16().collect());
        let get = |name| environment.get(name);
        assert_eq!(get("PATH"), Some("x=y".into()));
        assert_eq!(get("C"), Some("".into()));
        assert_eq!(get("PATHEXT"), Some("2".into()));
        assert_eq!(get("broken"), None);
    }
}
