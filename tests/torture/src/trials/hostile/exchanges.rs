//! A file with a digest is exchanged between the check and the moment when an interpreter reads it.

use anyhow::{Result, ensure};
use goplug_runtime::transport::Sha256;
use serde_json::json;

use super::attempt::{Attempts, Outcome};
use crate::roles::MISBEHAVING;
use crate::test_env::{TestEnv, this_program};

/// What happens to the file `kept` in the meantime, as commands of a shell.
const ATTEMPTS: &[(&str, &str)] = &[
    ("exchanged", "mv other kept"),
    ("exchanged, and put back", "mv kept away; mv other kept; mv kept other; mv away kept"),
    ("written", "echo more >> kept"),
    ("written, and put right", "cp kept copy; cp other kept; cp copy kept"),
    ("written, with the time that it had", "cp -p kept copy; cp -p other kept; cp -p copy kept"),
    ("exchanged for a link", "ln -sf other kept"),
    ("removed", "rm kept"),
];

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for &(what, exchange) in ATTEMPTS {
        let what = format!("a file with a digest, while the plugin starts: {what}");
        attempts.attempt(&what, attempt(exchange)).await;
    }
}

async fn attempt(exchange: &'static str) -> Result<Outcome> {
    ensure!(load("true").await?.is_ok(), "the plugin does not start with the file that it has");
    Outcome::refused_with(load(exchange).await?, "while the plugin started", "it was loaded")
}

/// Loads a plugin that does this before it serves.
async fn load(exchange: &str) -> Result<goplug::Result<()>> {
    let env = TestEnv::new()?;
    let folder = env.folder();
    std::fs::write(folder.join("other"), "theirs")?;
    std::fs::write(folder.join("kept"), "of the author")?;
    let digest = Sha256::of_file(&std::fs::File::open(folder.join("kept"))?)?;
    let program = this_program()?;
    let commands = format!("{exchange}; exec '{}' {MISBEHAVING} Grows", program.display());
    let keys = json!({
        "Name": "Kept", "Protocol": 2, "LazyLoad": true, "Exec": ["/bin/sh", "-c", commands],
        "Sha256": {"kept": digest},
    });
    env.put("Kept.pconf", keys.to_string())?;
    let registry = env.registry().start().await?;
    let loaded = registry.load("Kept", "").await.map(drop);
    registry.stop().await?;
    Ok(loaded)
}
