//! The program in Go. It is built as Debian builds Go programs: without modules, from packages
//! that are installed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use super::build_tool;

/// Where Debian installs the sources of Go packages.
const GOPATH: &str = "/usr/share/gocode";

/// The Go packages that the program needs, and the Debian packages that contain them.
const NEEDED: [(&str, &str); 4] = [
    ("github.com/hashicorp/go-plugin", "golang-github-hashicorp-go-plugin-dev"),
    ("google.golang.org/grpc", "golang-google-grpc-dev"),
    ("github.com/golang/protobuf", "golang-github-golang-protobuf-1-5-dev"),
    ("golang.org/x/net", "golang-golang-x-net-dev"),
];

/// Which of the needed Debian packages are not installed. `None` if all of them are.
pub(crate) fn missing_packages() -> Option<String> {
    let version = Command::new("go").arg("version").stdout(Stdio::null()).status();
    let compiler = match version {
        Ok(status) if status.success() => None,
        _ => Some("golang"),
    };
    let sources = Path::new(GOPATH).join("src");
    let packages = NEEDED.into_iter().filter(|(folder, _)| !sources.join(folder).is_dir());
    let missing: Vec<_> = compiler.into_iter().chain(packages.map(|needed| needed.1)).collect();
    (!missing.is_empty()).then(|| format!("not installed: {}", missing.join(", ")))
}

/// Builds the program, stripped of symbols and debug information.
pub(super) fn build(target: &Path, program: &Path) -> Result<()> {
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-ldflags=-s -w", "-o"]).arg(program).arg(".");
    go.current_dir(build_tool::source().join("go-plugin"));
    go.envs([("GO111MODULE", "off"), ("GOPATH", GOPATH), ("GOFLAGS", "")]);
    build_tool::run(go.env("GOCACHE", target.join("go-cache")))
}
