//! A host that confines its plugin, on a kernel that may not be able to.

use anyhow::{Result, bail};
use goplug::{Event, OnUnsupported, Registry, Sandbox};
use serde::{Deserialize, Serialize};

use crate::attacker::{Attacker, AttackerClient};

/// Starts no plugin that cannot be confined.
pub(crate) const REFUSE: &str = "refuse";
/// Starts each plugin, and reports that it cannot be confined.
pub(crate) const REPORT: &str = "report";

/// What came of a confined plugin.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Confined {
    /// Why it was not started.
    pub(crate) refused: Option<String>,
    /// The event that it is not confined.
    pub(crate) reported: Option<String>,
    /// What it has read of a file that the sandbox does not name.
    pub(crate) read: Option<String>,
}

/// Starts the attacker in a sandbox that names nothing, and prints what came of that.
pub(crate) async fn run(on_unsupported: &str) -> Result<()> {
    let policy = match on_unsupported {
        REFUSE => OnUnsupported::Refuse,
        REPORT => OnUnsupported::Report,
        other => bail!("there is no policy {other}"),
    };
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::new().on_unsupported(policy);
    let registry = Registry::builder(folder.path())
        .inherit_env()
        .sandbox(sandbox)
        .embed::<Attacker>()
        .auto_load(false)
        .start()
        .await?;
    let mut events = registry.events();
    let mut confined = Confined { refused: None, reported: None, read: None };
    match registry.load("Attacker", "torture").await {
        Err(error) => confined.refused = Some(error.to_string()),
        Ok(_) => {
            let attacker: AttackerClient = registry.client().await?;
            let file = folder.path().join("file");
            std::fs::write(&file, "secret")?;
            let read = attacker.attack("read".into(), file.display().to_string()).await?;
            confined.read = read.ok();
        }
    }
    registry.stop().await?;
    while let Some(event) = events.next().await {
        if let Event::Unconfined { .. } = &event {
            confined.reported = Some(format!("{event:?}"));
        }
    }
    serde_json::to_writer(std::io::stdout(), &confined)?;
    Ok(())
}
