//! A host for the tests of `goplug dev`: calls a plugin of its folder all the time.
//!
//! It prints its process id, each answer that differs from the one before, and each error. A third word
//! says how it uses the plugin.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use goplug::{Event, Plugin, Registry};

/// What the host calls, where it knows the contract.
#[goplug::plugin]
pub struct Tiny;

#[goplug::method(Tiny)]
fn answer() -> i32 {
    0
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let folder = words.next().ok_or("usage: command-host FOLDER [typed | calculator | lazy]")?;
    let mode = words.next().unwrap_or_default();
    say(&format!("process {}", std::process::id()))?;
    let is_lazy = mode == "lazy";
    let builder = Registry::builder(&folder).auto_discover(true).auto_load(!is_lazy);
    let registry = builder.start().await?;
    if is_lazy {
        while !Path::new("needed").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    } else {
        let mut events = registry.events();
        while !matches!(events.next().await.ok_or("no events")?, Event::Loaded { .. }) {}
    }
    match &*mode {
        "typed" => {
            let tiny = registry.client::<TinyClient>().await?;
            call_on(async || tiny.answer().await.map(|answer| answer.to_string())).await
        }
        "calculator" | "lazy" => {
            let plugin = registry.load("Calculator", "math").await?;
            call_on(async || execute(&plugin, "add", r#"{"a":2,"b":3}"#).await).await
        }
        _ => {
            let plugin = registry.load("Tiny", "").await?;
            call_on(async || execute(&plugin, "answer", "").await).await
        }
    }
}

async fn execute(plugin: &Plugin, method: &str, arguments: &str) -> goplug::Result<String> {
    let answer = plugin.execute(method, arguments.to_owned()).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

async fn call_on(
    call: impl AsyncFn() -> goplug::Result<String>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut last = String::new();
    loop {
        let now = match call().await {
            Ok(answer) => format!("answer {answer}"),
            Err(error) => format!("failed: {error}"),
        };
        if now != last || now.starts_with("failed") {
            say(&now)?;
            last = now;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}
