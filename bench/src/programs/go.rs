//! The program in Go, which is built as Debian builds: without modules, of packages that are
//! installed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

/// Where Debian has the sources of Go packages.
const GOPATH: &str = "/usr/share/gocode";

/// What has to be there, and the Debian package that has it.
const NEEDED: [(&str, &str); 4] = [
    ("github.com/hashicorp/go-plugin", "golang-github-hashicorp-go-plugin-dev"),
    ("google.golang.org/grpc", "golang-google-grpc-dev"),
    ("github.com/golang/protobuf", "golang-github-golang-protobuf-1-5-dev"),
    ("golang.org/x/net", "golang-golang-x-net-dev"),
];

/// What is not installed that the program needs, if something is not.
pub(crate) fn missing() -> Option<String> {
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

/// Builds the program, without what a debugger wants.
pub(super) fn build(target: &Path, program: &Path) -> Result<()> {
    let mut go = Command::new("go");
    go.args(["build", "-trimpath", "-ldflags=-s -w", "-o"]).arg(program).arg(".");
    go.current_dir(super::source().join("go-plugin"));
    go.envs([("GO111MODULE", "off"), ("GOPATH", GOPATH), ("GOFLAGS", "")]);
    super::run(go.env("GOCACHE", target.join("go-cache")))
}
