//! Enforcing a plugin's sandbox: what the kernel can do of it, and the rules for a process.

use crate::error::{Error, Result};
use crate::host::install::Installation;
use crate::host::policy::{OnUnsupported, Sandbox};
use crate::transport::{OpenProgram, Ruleset};

/// What of the sandbox cannot be enforced on this plugin and is to be reported.
///
/// # Errors
/// [`Error::Start`] if that is a reason not to start it.
pub(in crate::host) fn unsupported(
    sandbox: &Sandbox,
    installation: &Installation,
) -> Result<Option<&'static str>> {
    let gap = if installation.command()?.is_some() {
        sandbox.reach.gap()
    } else {
        Some("somebody else starts it")
    };
    match gap {
        Some(gap) if sandbox.on_unsupported == OnUnsupported::Refuse => Err(Error::Start {
            id: installation.id().clone(),
            reason: format!("it cannot be confined: {gap}"),
            stderr: Vec::new(),
        }),
        gap => Ok(gap),
    }
}

/// The rules for a process that runs this program. Does blocking I/O.
///
/// # Errors
/// Why the process cannot be confined, for people.
pub(super) fn rules(sandbox: &Sandbox, program: &OpenProgram) -> Result<Ruleset, String> {
    let rules = sandbox.reach.ruleset(program);
    rules.map_err(|error| format!("its sandbox cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use crate::host::OnUnsupported::{Refuse, Report};
    use crate::host::{Event, Registry, Sandbox};
    use crate::transport::without_landlock;

    /// Loads a plugin that ends at once, on a kernel without Landlock. Answers with the
    /// error and with what was reported.
    fn load(sandbox: Sandbox) -> (String, Vec<Event>) {
        let folder = tempfile::tempdir().unwrap();
        let pconf = r#"{"Name": "Brief", "Exec": ["/bin/true"]}"#;
        std::fs::write(folder.path().join("Brief.pconf"), pconf).unwrap();
        without_landlock(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let builder = Registry::builder(folder.path()).sandbox(sandbox);
                let registry = builder.start().await.unwrap();
                let mut events = registry.events();
                let error = registry.load("Brief", "").await.unwrap_err().to_string();
                registry.stop().await;
                let mut seen = Vec::new();
                while let Some(event) = events.next().await {
                    seen.extend(matches!(event, Event::Unconfined { .. }).then_some(event));
                }
                (error, seen)
            })
        })
    }

    #[test]
    fn a_kernel_that_cannot_is_a_reason_to_refuse() {
        for sandbox in
            [Sandbox::new(), Sandbox::new().on_unsupported(Report).on_unsupported(Refuse)]
        {
            let (error, events) = load(sandbox);
            let expected = "Brief did not start: it cannot be confined: the kernel has no \
                            Landlock, or it is not enabled";
            assert_eq!(error, expected);
            assert_eq!(events, []);
        }
    }

    #[test]
    fn a_kernel_that_cannot_is_reported_where_that_is_wanted() {
        let (error, events) = load(Sandbox::new().on_unsupported(Report));
        assert!(error.contains("ended during its activation (exit status: 0)"), "{error}");
        let [Event::Unconfined { plugin, reason }] = &events[..] else { panic!("{events:?}") };
        assert_eq!(plugin.to_string(), "Brief");
        assert_eq!(reason, "the kernel has no Landlock, or it is not enabled");
    }
}
