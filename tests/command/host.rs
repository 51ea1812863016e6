//! A host for the tests of `goplug dev`: calls a plugin of its folder all the time.
//!
//! It prints its process id, each answer that differs from the one before, and each error.

use std::io::{self, Write};
use std::time::Duration;

use goplug::{Bytes, Event, Registry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: command-host FOLDER")?;
    say(&format!("process {}", std::process::id()))?;
    let registry = Registry::builder(folder).auto_discover(true).start().await?;
    let mut events = registry.events();
    while !matches!(events.next().await.ok_or("no events")?, Event::Loaded { .. }) {}
    let plugin = registry.load("Tiny", "").await?;
    let mut last = Bytes::new();
    loop {
        match plugin.execute("answer", "").await {
            Ok(answer) if answer == last => {}
            Ok(answer) => {
                say(&format!("answer {}", String::from_utf8_lossy(&answer)))?;
                last = answer;
            }
            Err(error) => say(&format!("failed: {error}"))?,
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
