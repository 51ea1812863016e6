//! Enforcing a plugin's sandbox: what the kernel supports, and the rules for a process.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::host::install::{Command, ExecFiles, Installation, interpreter};
use crate::host::policy::{OnUnsupported, Sandbox};
use crate::transport::{OpenProgram, RefusedAccesses, Ruleset, SandboxRules, explain};

/// The part of the sandbox that cannot be enforced on this plugin and is to be reported, as a text
/// for people.
///
/// # Errors
/// [`Error::Start`] if a part cannot be enforced and the plugin therefore must not start.
pub(in crate::host) fn unsupported(
    sandbox: &Sandbox,
    installation: &Installation,
) -> Result<Option<&'static str>> {
    let unsupported = if installation.command().is_some() {
        sandbox.rules.unsupported()
    } else {
        Some("somebody else starts it")
    };
    if sandbox.learns && !SandboxRules::can_tell() {
        return Err(Error::Start {
            id: installation.id().clone(),
            reason: "its sandbox cannot tell what it refuses: only filters of system calls of Linux 5.9 and \
                     later can"
                .into(),
            stderr: Vec::new(),
        });
    }
    match unsupported {
        Some(part) if sandbox.on_unsupported == OnUnsupported::Refuse => Err(Error::Start {
            id: installation.id().clone(),
            reason: format!("it cannot be confined: {part}"),
            stderr: Vec::new(),
        }),
        unsupported => Ok(unsupported),
    }
}

/// The sandbox's rules for a process that runs this program with these files, and looks for others in
/// this `PATH`. What it refuses is added to `refused`, if the sandbox tells that. Does blocking I/O.
///
/// # Errors
/// The process cannot be confined, or the sandbox withholds an interpreter.
pub(super) fn ruleset(
    sandbox: &Sandbox,
    program: &OpenProgram,
    files: &ExecFiles,
    command: &Command,
    search_path: Option<&OsStr>,
    refused: &Arc<RefusedAccesses>,
) -> io::Result<Ruleset> {
    let mut rules = sandbox.rules.clone();
    for interpreter in &sandbox.interpreters {
        let needs = interpreter::needs(interpreter, &command.folder, search_path);
        rules.read.extend(needs.map_err(io::Error::other)?);
    }
    if !sandbox.interpreters.is_empty() {
        let is_interpreter = rules.lets_read(program.path());
        rules.read.extend(files.script_folder(program, is_interpreter));
    }
    for path in &files.interpreters {
        if !rules.lets_read(path) {
            return Err(io::Error::other(withheld(path)));
        }
    }
    rules.read.extend(files.arguments.iter().cloned());
    let refused = Some(refused).filter(|_| sandbox.learns);
    rules.ruleset(program, refused).map_err(|error| {
        let text = format!("its sandbox cannot be made: {error}");
        explain(error, text)
    })
}

fn withheld(interpreter: &Path) -> String {
    format!(
        "its sandbox withholds its interpreter {0}, so that another one of the same name might run; \
         allow it with Sandbox::interpreter({1:?})",
        interpreter.display(),
        interpreter
    )
}

#[cfg(test)]
mod tests {
    use crate::host::OnUnsupported::{Refuse, Report};
    use crate::host::{Event, Registry, Sandbox};
    use crate::transport::{SandboxRules, without_confinement};

    /// Loads a plugin that ends at once, on a system that cannot confine it. Returns the error, what the
    /// system lacks, and the events that report an unconfined plugin.
    fn load(sandbox: Sandbox) -> (String, &'static str, Vec<Event>) {
        let folder = tempfile::tempdir().unwrap();
        let brief = std::env::current_exe().unwrap();
        let pconf = serde_json::json!({"Name": "Brief", "Exec": [brief, "--help"]});
        std::fs::write(folder.path().join("Brief.pconf"), pconf.to_string()).unwrap();
        without_confinement(|| {
            let lack = SandboxRules::default().unsupported().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let builder = Registry::builder(folder.path()).sandbox(sandbox);
                let registry = builder.start().await.unwrap();
                let mut events = registry.events();
                let error = registry.load("Brief", "").await.unwrap_err().to_string();
                registry.stop().await.unwrap();
                let mut unconfined = Vec::new();
                while let Some(event) = events.next().await {
                    unconfined.extend(matches!(event, Event::Unconfined { .. }).then_some(event));
                }
                (error, lack, unconfined)
            })
        })
    }

    #[test]
    fn where_nothing_confines_a_plugin_is_refused() {
        for sandbox in
            [Sandbox::new(), Sandbox::new().on_unsupported(Report).on_unsupported(Refuse)]
        {
            let (error, lack, events) = load(sandbox);
            assert_eq!(error, format!("Brief did not start: it cannot be confined: {lack}"));
            assert_eq!(events, []);
        }
    }

    #[test]
    fn where_nothing_confines_a_plugin_is_reported_if_the_policy_says_so() {
        let (error, lack, events) = load(Sandbox::new().on_unsupported(Report));
        assert!(error.contains("ended during its activation (exit "), "{error}");
        let [Event::Unconfined { plugin, reason }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(plugin.to_string(), "Brief");
        assert_eq!(reason, lack);
    }
}
