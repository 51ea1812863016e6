//! A host that loads a plugin, says so, and waits until somebody kills it.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use goplug::{ParentDeathSignal, Policy, Registry, RegistryBuilder, Sandbox};
use goplug_tests::fixtures::misbehaving::METHOD;

use crate::attacker::{Attacker, AttackerClient};

/// The plugin is in a sandbox.
pub(crate) const SANDBOX: &str = "sandbox";
/// The plugin gets SIGKILL when the host has ended.
pub(crate) const KILL: &str = "kill";
/// The plugin gets what plugins get by default.
pub(crate) const PLAIN: &str = "plain";

/// What it says once its plugin has been called.
pub(crate) const READY: &str = "ready";

/// How long a call may take: a plugin that stops itself does not answer.
const CALL_TIMEOUT: Duration = Duration::from_millis(100);

/// Loads the plugin `Hard` of this folder, and calls it. Any other argument than the constants is a shell's
/// command, which a plugin of this program starts.
pub(crate) async fn run(folder: &Path, argument: &str) -> Result<()> {
    let builder = Registry::builder(folder).inherit_env();
    let _registry = match argument {
        SANDBOX => misbehave(builder.sandbox(Sandbox::new())).await?,
        KILL => {
            let kill = |policy: Policy| policy.parent_death_signal(ParentDeathSignal::Kill);
            misbehave(builder.policy(kill)).await?
        }
        PLAIN => misbehave(builder).await?,
        command => {
            let registry = builder.embed::<Attacker>().start().await?;
            let attacker: AttackerClient = registry.client().await?;
            let run = attacker.attack("run".into(), command.into()).await?;
            run.map_err(anyhow::Error::msg).context("the command")?;
            registry
        }
    };
    writeln!(std::io::stdout(), "{READY}")?;
    std::future::pending().await
}

async fn misbehave(builder: RegistryBuilder) -> Result<Registry> {
    let registry = builder.start().await?;
    let plugin = registry.load("Hard", "").await?;
    drop(tokio::time::timeout(CALL_TIMEOUT, plugin.execute(METHOD, "")).await);
    Ok(registry)
}
