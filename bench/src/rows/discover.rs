//! A thousand plugins in a folder: from the start of a registry until it has reported the last
//! of them.

use std::time::Instant;

use anyhow::{Context, Result, bail};
use goplug::{Event, Registry};

const PLUGINS: usize = 1000;

/// Takes one sample. Only goplug has this row, so it calls goplug directly.
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
    registry.stop().await?;
    Ok(vec![took.as_secs_f64() * 1e3])
}
