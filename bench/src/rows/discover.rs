//! A thousand plugins in a folder: from the start of a registry until the last of them is
//! known.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use goplug::{Event, Registry};

use super::Figure;

pub(super) const FIGURES: [Figure; 1] = [Figure { title: "1,000 plugins discovered", unit: "ms" }];

const PLUGINS: usize = 1000;

pub(crate) async fn sample() -> Result<Vec<f64>> {
    let folder = tempfile::Builder::new().prefix("goplug-bench-").tempdir()?;
    for number in 0..PLUGINS {
        let keys = serde_json::json!({
            "Name": format!("Plugin{number}"),
            "NameSpace": "many",
            "LazyLoad": true,
            "Protocol": 2,
            "Exec": ["/bin/true"],
        });
        std::fs::write(folder.path().join(format!("{number}.pconf")), keys.to_string())?;
    }
    let began = Instant::now();
    let registry = Registry::builder(folder.path()).auto_discover(true).start().await?;
    let mut events = registry.events();
    for _ in 0..PLUGINS {
        match events.next().await.context("the events have ended")? {
            Event::Discovered { .. } => {}
            other => bail!("{other:?}"),
        }
    }
    let took = began.elapsed();
    registry.stop().await;
    Ok(vec![took.as_secs_f64() * 1e3])
}
