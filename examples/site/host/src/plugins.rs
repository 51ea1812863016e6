//! Discovers the plugins of the folder, loads them, and sorts them by stage.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use goplug::{DiscoveredPlugin, Error, Event, Registry};
use site_contract::{Stage, TransformClient};

use crate::settings::Settings;

/// A loaded plugin that fulfils the contract.
#[derive(Debug)]
pub(crate) struct Transformer {
    pub(crate) name: String,
    pub(crate) stage: Stage,
    pub(crate) client: TransformClient,
}

/// All transformers, and their registry.
#[derive(Debug)]
pub(crate) struct Plugins {
    registry: Registry,
    transformers: Vec<Transformer>,
}

/// Loads every plugin of the folder, each with what the user has set for it. A plugin that cannot be used is left out, and the reason
/// is printed.
pub(crate) async fn start(folder: &Path, settings: Settings) -> anyhow::Result<Plugins> {
    let configure =
        move |plugin: &DiscoveredPlugin| Ok::<_, Infallible>(settings.of(plugin).cloned());
    let registry = Registry::builder(folder).auto_discover(true).configure_with(configure);
    let registry = registry.start().await?;
    // A file may be both rejected and fail to load for the same reason: it is printed once.
    let mut refused = rejected(&registry).await;
    let mut transformers = Vec::new();
    for found in registry.discovered() {
        match transformer(&registry, &found).await {
            Ok(transformer) => transformers.push(transformer),
            Err(error) => drop(refused.insert(reason(&found, &error))),
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

/// Why a plugin is left out, with its file, as [`rejected`] has it.
fn reason(found: &DiscoveredPlugin, error: &Error) -> String {
    match (found.path(), error) {
        (None, _) | (_, Error::Rejected { .. }) => error.to_string(),
        (Some(path), _) => format!("{}: {error}", path.display()),
    }
}

/// The files of the folder that cannot be used, with the reasons. The registry's events begin
/// with its present state, and only that is read.
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

    /// Loads a plugin again if its process has ended.
    pub(crate) async fn reload_crashed(&self, transformer: &Transformer) -> goplug::Result<()> {
        let plugin = transformer.client.plugin();
        self.registry.load(plugin.name(), plugin.namespace()).await.map(drop)
    }

    /// Stops all plugins.
    pub(crate) async fn stop(&self) -> goplug::Result<()> {
        self.registry.stop().await
    }
}
