//! Making the plugins' programs.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use memchr::memmem;
use serde::Deserialize;
use tokio::process::Command;

use crate::arguments::Dev;
use crate::failure::{Failure, Outcome};
use crate::system::shell;

/// What the program of each plugin contains, and no other program does: the beginning of its help.
const MARK: &[u8] = b"This program is a goplug plugin.";

/// What a build has made.
#[derive(Debug, Default)]
pub(super) struct Built {
    /// The plugins' programs.
    pub(super) programs: BTreeSet<PathBuf>,
    /// The other programs, as far as the build says them: one may be the host.
    pub(super) others: BTreeSet<PathBuf>,
    /// The folders with the sources, as far as the build says them.
    pub(super) sources: BTreeSet<PathBuf>,
}

/// Builds. `None` if that fails: the build has said why.
///
/// # Errors
/// If there is no build: its command cannot be run, or it makes no plugin.
pub(super) async fn build(options: &Dev, output: Stdio) -> Outcome<Option<Built>> {
    let built = match &options.build {
        Some(line) => by_command(line, options, output).await?,
        None => by_cargo(&options.cargo).await?,
    };
    match built {
        Some(built) if built.programs.is_empty() => Err(Failure::usage(
            "the build makes no plugin's program; run this in a plugin's package, or name the \
             program with --program",
        )),
        built => Ok(built),
    }
}

/// Runs a command line of the shell. What it makes is what the user names.
async fn by_command(line: &str, options: &Dev, output: Stdio) -> Outcome<Option<Built>> {
    let mut command = shell(line);
    command.stdin(Stdio::null()).stdout(output).kill_on_drop(true);
    let status = command.status().await?;
    let programs = options.program.iter().cloned().collect();
    Ok(status.success().then(|| Built { programs, ..Built::default() }))
}

/// A message of `cargo build`, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    manifest_path: Option<PathBuf>,
    package_id: String,
    executable: Option<PathBuf>,
    target: Target,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Target {
    kind: Vec<String>,
}

/// Runs `cargo build`, which shows its own errors.
async fn by_cargo(arguments: &[OsString]) -> Outcome<Option<Built>> {
    let cargo = env::var_os("CARGO").filter(|path| !path.is_empty());
    let cargo = cargo.unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.args(["build", "--message-format=json-render-diagnostics"]).args(arguments);
    // Its errors go where this command's own go.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let about = |error| Failure::unreachable(format!("{}: {error}", cargo.display()));
    let output = command.spawn().map_err(about)?.wait_with_output().await.map_err(about)?;
    if !output.status.success() {
        return Ok(None);
    }
    let lines = output.stdout.split(|byte| *byte == b'\n');
    let messages: Vec<_> =
        lines.filter_map(|line| serde_json::from_slice::<Message>(line).ok()).collect();
    // Reading large programs takes a moment.
    let built = tokio::task::spawn_blocking(move || made_by(&messages)).await;
    built.map(Some).map_err(|error| Failure::unreachable(error.to_string()))
}

fn made_by(messages: &[Message]) -> Built {
    let mut built = Built::default();
    for message in messages {
        if message.package_id.contains("path+file:") {
            let folder = message.manifest_path.as_deref().and_then(Path::parent);
            built.sources.extend(folder.map(Path::to_owned));
        }
        let program = message.executable.as_ref();
        if let Some(program) = program.filter(|_| message.target.kind.iter().any(|it| it == "bin"))
        {
            let programs = match is_plugin(program) {
                true => &mut built.programs,
                false => &mut built.others,
            };
            programs.insert(program.clone());
        }
    }
    built
}

/// Whether a program is a plugin. It is not run to find out: it may be the host.
fn is_plugin(program: &Path) -> bool {
    fs::read(program).is_ok_and(|content| memmem::find(&content, MARK).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_of_plugins_are_known_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let (plugin, host) = (folder.path().join("plugin"), folder.path().join("host"));
        fs::write(&plugin, [b"\0\x7f", MARK, b" A registry"].concat()).unwrap();
        fs::write(&host, "another program").unwrap();
        let message = |kind: &str, program: &Path| {
            let text = serde_json::json!({
                "reason": "compiler-artifact",
                "package_id": "path+file:///work/p#0.1.0",
                "manifest_path": "/work/p/Cargo.toml",
                "target": {"kind": [kind]},
                "executable": program,
            });
            serde_json::from_value(text).unwrap()
        };
        let messages = [message("bin", &plugin), message("bin", &host), message("test", &plugin)];
        let built = made_by(&messages);
        assert_eq!(built.programs, BTreeSet::from([plugin]));
        assert_eq!(built.others, BTreeSet::from([host]));
        assert_eq!(built.sources, BTreeSet::from(["/work/p".into()]));
    }
}
