//! Builds the plugins that come with the example, and installs them in a folder.
//!
//! A single command is to run the example, so this program does the work of an installer: it
//! builds the plugins with its own profile, and has each write its `.pconf`. From then on
//! they are ordinary plugins. Where there is no cargo, a variable names a folder in which
//! somebody has installed them already.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

/// The packages of the plugins in Rust.
const PACKAGES: [&str; 3] = ["site-markdown", "site-stats", "site-toc"];

/// The plugin in Python, relative to this package.
const SCRIPT: &str = "../plugins/python/typography.py";

/// The variable that names a folder with plugins: then none is built.
const FOLDER: &str = "SITE_PLUGINS";

/// Builds the plugins and installs them, unless there is a folder with plugins. Returns their folder.
pub(crate) fn plugins() -> anyhow::Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let this = std::env::current_exe().context("finding this program")?;
    let (Some(profile), Some(target)) = (this.parent(), this.ancestors().nth(2)) else {
        bail!("{} is not in a folder of build results", this.display());
    };
    let folder = profile.join("site-plugins");
    for program in build(profile, target)? {
        install(&program, &folder)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    if let Err(error) = install(&script, &folder) {
        eprintln!("going on without a plugin: {error:#}");
    }
    Ok(folder)
}

/// Builds the plugins with cargo, in the profile of this program. Returns their programs.
fn build(profile: &Path, target: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let cargo = std::env::var_os("CARGO").filter(|path| !path.is_empty());
    let cargo = cargo.unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--message-format", "json-render-diagnostics"]);
    command.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    command.arg("--target-dir").arg(target).arg("--profile").arg(profile_name(profile));
    command.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("running {}", command.get_program().display()))?;
    if !output.status.success() {
        bail!("the plugins do not build ({})", output.status);
    }
    Ok(executables(&output.stdout))
}

/// The profile of a folder of build results.
fn profile_name(folder: &Path) -> OsString {
    match folder.file_name() {
        Some(name) if name != "debug" => name.into(),
        _ => "dev".into(),
    }
}

/// The programs that cargo's messages name. Each message is one line.
fn executables(messages: &[u8]) -> Vec<PathBuf> {
    let messages = messages.split(|&byte| byte == b'\n');
    messages
        .filter_map(|message| serde_json::from_slice::<Value>(message).ok())
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .collect()
}

/// Has a plugin write its `.pconf` into the folder. The first one makes it: a folder that no other user may
/// write to, since a registry accepts no other.
fn install(program: &Path, folder: &Path) -> anyhow::Result<()> {
    let name = program.file_name().unwrap_or_default().display().to_string();
    let output = Command::new(program).arg("install").arg(folder).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("{name} cannot be installed ({}): {}", output.status, said.trim())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("{name} cannot be installed: it or its interpreter is not there")
        }
        Err(error) => Err(error).with_context(|| format!("installing {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_follows_from_the_folder() {
        assert_eq!(profile_name(Path::new("target/debug")), "dev");
        assert_eq!(profile_name(Path::new("target/release")), "release");
        assert_eq!(profile_name(Path::new("target/small")), "small");
    }

    #[test]
    fn the_programs_are_found_among_the_messages() {
        let messages = b"{\"reason\":\"compiler-artifact\",\"executable\":null}\n\
                         {\"reason\":\"compiler-artifact\",\"executable\":\"/t/site-toc\"}\n\
                         {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executables(messages), [PathBuf::from("/t/site-toc")]);
    }

    #[test]
    fn a_program_that_cannot_be_installed_says_why() {
        let missing = install(Path::new("/nowhere/plugin"), Path::new("/nowhere")).unwrap_err();
        assert!(missing.to_string().starts_with("plugin cannot be installed"), "{missing}");
        let failing = install(Path::new("/bin/false"), Path::new("/nowhere")).unwrap_err();
        assert!(failing.to_string().contains("exit status: 1"), "{failing}");
    }
}
