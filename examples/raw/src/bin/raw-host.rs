//! A host on the raw layer: it finds a plugin by its `.pconf`, calls methods by name, and
//! sends and receives bytes. The head of `raw-plugin` says how to start the two.

#![allow(clippy::print_stdout, reason = "what this program is for")]

use goplug::{Error, Registry};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "plugins".into());
    let registry = Registry::builder(&folder).auto_discover(true).start().await?;

    println!("host: waits for Test.Do in {folder}");
    let mut events = registry.events();
    while !registry.is_loaded("Do", "Test") {
        match events.next().await {
            Some(event) => println!("host: {event:?}"),
            None => anyhow::bail!("the registry ended"),
        }
    }
    let plugin = registry.load("Do", "Test").await?;
    println!("host: its methods are {:?}", plugin.methods());
    println!("host: main.Do answers {:?}", plugin.execute("main.Do", "hello").await?);
    println!("host: ping answers {:?}", plugin.ping("are you there").await?);
    if let Err(Error::Method(failure)) = plugin.execute("main.Fail", "").await {
        println!("host: main.Fail fails with {failure}");
    }

    let (ticks, mut ticked) = mpsc::channel(1);
    let subscription = plugin
        .register_callback("main.Tick", move |data| {
            let ticks = ticks.clone();
            async move { drop(ticks.send(data).await) }
        })
        .await?;
    plugin.execute("main.Trigger", "tick").await?;
    println!("host: callback with {:?}", ticked.recv().await.unwrap_or_default());
    subscription.unregister();

    registry.stop().await?;
    println!("host: done; it leaves the plugin, which others may use");
    Ok(())
}
