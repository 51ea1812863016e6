//! What a user names: a plugin by its name, its program, its `.pconf`, or its socket.

use std::fs;
use std::path::{Path, PathBuf, is_separator};

use goplug::{InvalidName, PluginId};

use crate::failure::{Failure, Outcome};
use crate::pconf::is_pconf;
use crate::system::is_socket;

/// What a user names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A plugin of the folder.
    Name(PluginId),
    Program(PathBuf),
    Pconf(PathBuf),
    Socket(PathBuf),
}

impl Target {
    /// What a text names. A text with a slash is a path, and so is the name of a file that exists.
    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let path = Path::new(text);
        if is_socket(path) {
            return Ok(Self::Socket(path.into()));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(is_folder(path)),
            Ok(_) if is_pconf(path) => Ok(Self::Pconf(path.into())),
            Ok(_) => Ok(Self::Program(path.into())),
            Err(error) if text.contains(is_separator) || text.ends_with(".pconf") => {
                Err(Failure::unreachable(format!("{text}: {error}")))
            }
            Err(_) => {
                let id =
                    text.parse().map_err(|error: InvalidName| Failure::usage(error.to_string()));
                Ok(Self::Name(id?))
            }
        }
    }
}

fn is_folder(path: &Path) -> Failure {
    let path = path.display();
    Failure::usage(format!("{path} is a folder; `goplug ls --dir {path}` lists its plugins"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Status;
    use crate::system::Listening;

    #[test]
    fn a_target_is_a_name_a_program_a_file_or_a_socket() {
        let temp = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = temp.path().join(name);
            fs::write(&path, "").unwrap();
            path
        };
        let (program, pconf) = (file("program"), file("a.pconf"));
        let socket = Listening::bind(temp.path(), "s");
        let parsed = |path: &Path| Target::parse(path.to_str().unwrap()).unwrap();
        assert_eq!(parsed(&program), Target::Program(program));
        assert_eq!(parsed(&pconf), Target::Pconf(pconf));
        assert_eq!(parsed(&socket.path), Target::Socket(socket.path));
        let id = PluginId::new("Report", "acme.tools").unwrap();
        assert_eq!(Target::parse("acme.tools.Report").unwrap(), Target::Name(id));
        let id = PluginId::new("Report", "").unwrap();
        assert_eq!(Target::parse("Report").unwrap(), Target::Name(id));
    }

    #[test]
    fn what_is_neither_says_what_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Target::parse(temp.path().to_str().unwrap()).unwrap_err();
        assert_eq!(folder.status, Status::Usage);
        assert!(folder.line().contains("goplug ls --dir"), "{}", folder.line());
        let missing = temp.path().join("missing");
        let missing = Target::parse(missing.to_str().unwrap()).unwrap_err();
        assert_eq!(missing.status, Status::Unreachable);
        assert_eq!(Target::parse("").unwrap_err().status, Status::Usage);
    }
}
