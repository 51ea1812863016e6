//! The folder for temporary files.

use std::ffi::OsString;
use std::path::PathBuf;

/// The variable that names it.
const VARIABLE: &str = "TMPDIR";

/// The folder for temporary files, as [`std::env::temp_dir`] names it. An empty variable, which there
/// names the working directory, is as good as none.
pub fn temp_dir() -> PathBuf {
    named(std::env::var_os(VARIABLE))
}

/// What helps if no socket can be bound in a folder of [`temp_dir`]: the end of a sentence.
#[cfg(feature = "host")]
pub fn bind_advice() -> String {
    format!(
        "; its folder is made in {}, and {VARIABLE} names another place, which has to be writable and short",
        temp_dir().display()
    )
}

fn named(variable: Option<OsString>) -> PathBuf {
    variable.filter(|value| !value.is_empty()).map_or_else(|| "/tmp".into(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        for (variable, folder) in [(None, "/tmp"), (Some(""), "/tmp"), (Some("/var"), "/var")] {
            assert_eq!(named(variable.map(OsString::from)), PathBuf::from(folder));
        }
    }
}
