//! The plugins of the folder: found, started, put in order.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use goplug::{DiscoveredPlugin, Event, Registry};
use site_contract::{Stage, TransformClient};

/// A plugin that fulfils the contract.
#[derive(Debug)]
pub(crate) struct Transformer {
    pub(crate) name: String,
    pub(crate) stage: Stage,
    pub(crate) client: TransformClient,
}

/// All of them, and the registry that they run under.
#[derive(Debug)]
pub(crate) struct Plugins {
    registry: Registry,
    transformers: Vec<Transformer>,
}

/// Starts every plugin of the folder. One that cannot be used is left out, with a line
/// that says why.
pub(crate) async fn start(folder: &Path) -> anyhow::Result<Plugins> {
    let registry = Registry::builder(folder).auto_discover(true).start().await?;
    // A file that cannot be used may be both rejected and fail to load, for one reason.
    let mut refused = rejected(&registry).await;
    let mut transformers = Vec::new();
    for found in registry.discovered() {
        match transformer(&registry, &found).await {
            Ok(transformer) => transformers.push(transformer),
            Err(error) => drop(refused.insert(error.to_string())),
        }
    }
    for reason in refused {
        eprintln!("going on without a plugin: {reason}");
    }
    transformers.sort_by(|a, b| (a.stage, &a.name).cmp(&(b.stage, &b.name)));
    if !transformers.iter().any(|transformer| transformer.stage == Stage::Render) {
        bail!("no plugin in {} renders Markdown", folder.display());
    }
    Ok(Plugins { registry, transformers })
}

async fn transformer(registry: &Registry, found: &DiscoveredPlugin) -> goplug::Result<Transformer> {
    let plugin = registry.load(found.name(), found.namespace()).await?;
    let client: TransformClient = plugin.client()?;
    let stage = client.stage().await?;
    Ok(Transformer { name: found.name().into(), stage, client })
}

/// Which files of the folder cannot be used, and why. The registry's events begin with
/// its present state; what comes later does not matter here.
async fn rejected(registry: &Registry) -> BTreeSet<String> {
    let mut reasons = BTreeSet::new();
    let mut events = registry.events();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::ZERO, events.next()).await {
        if let Event::Rejected { path, reason } = event {
            reasons.insert(format!("{}: {reason}", path.display()));
        }
    }
    reasons
}

impl Plugins {
    /// The plugins in the order in which a page goes through them.
    pub(crate) fn transformers(&self) -> &[Transformer] {
        &self.transformers
    }

    /// Starts a plugin again if it does not run any more.
    pub(crate) async fn revive(&self, transformer: &Transformer) -> goplug::Result<()> {
        let plugin = transformer.client.plugin();
        self.registry.load(plugin.name(), plugin.namespace()).await.map(drop)
    }

    /// Stops all of them in good order.
    pub(crate) async fn stop(&self) {
        self.registry.stop().await;
    }
}
