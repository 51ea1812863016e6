//! Plugin and host in one file.
//!
//! This program contains its plugin: the registry starts the same executable a second time,
//! and in that process `goplug::embed!` serves the plugin. Run it with
//! `cargo run -p quickstart`; with `-- --hold` it keeps running, so that you can call the
//! plugin with `curl`.

#![allow(clippy::print_stdout, reason = "what this program is for")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calculates in a process of its own.
#[goplug::plugin(namespace = "math")]
pub struct Calculator;

/// Why a division failed.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum DivideError {
    /// The divisor is zero.
    ByZero,
}

/// Adds two integers.
#[goplug::method(Calculator)]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Divides `a` by `b`.
///
/// # Errors
/// The divisor is zero.
#[goplug::method(Calculator)]
pub fn divide(a: f64, b: f64) -> Result<f64, DivideError> {
    if b == 0.0 { Err(DivideError::ByZero) } else { Ok(a / b) }
}

/// Adds up the whole numbers from 1 to `n`, and reports how far it has come.
///
/// # Errors
/// No host has registered the callback `progress`.
#[goplug::method(Calculator)]
pub async fn sum_up_to(n: u64) -> goplug::Result<u64> {
    let mut sum = 0;
    for i in 1..=n {
        sum += i;
        if i % (n / 4).max(1) == 0 {
            progress(u8::try_from(100 * i / n).unwrap_or(100)).await?;
        }
    }
    Ok(sum)
}

/// How far a long sum has come.
#[goplug::callback(Calculator)]
pub async fn progress(percent: u8) -> goplug::Result<()>;

fn main() -> anyhow::Result<()> {
    goplug::embed!(Calculator); // in the plugin's process this serves, and does not return
    host()
}

#[tokio::main]
async fn host() -> anyhow::Result<()> {
    let registry = goplug::Registry::builder("plugins").embed::<Calculator>().start().await?;
    println!("host      is process {}", std::process::id());

    let calculator = registry.client::<CalculatorClient>().await?;
    let plugin = calculator.plugin();
    let process = plugin.process_id().unwrap_or_default();
    println!("load      {} is {:?}, as process {process}", plugin.id(), plugin.state());
    println!("methods   {}", plugin.methods().join(", "));

    println!("call      add(2, 3) = {}", calculator.add(2, 3).await?);
    println!("call      divide(1.0, 4.0) = {}", calculator.divide(1.0, 4.0).await?);

    match calculator.divide(1.0, 0.0).await {
        Err(goplug::CallError::Method(error)) => {
            println!("error     divide(1.0, 0.0) fails with {error:?}, typed")
        }
        Err(goplug::CallError::Goplug(error)) => return Err(error.into()),
        Ok(quotient) => anyhow::bail!("1 / 0 is {quotient}"),
    }

    // A result may arrive before the callbacks that were made earlier: this waits for both.
    let mut progress = calculator.progress_stream().await?;
    let reported = async {
        while let Some(percent) = progress.next().await {
            println!("callback  progress: {percent} %");
            if percent == 100 {
                break;
            }
        }
        Ok(())
    };
    let (sum, ()) = tokio::try_join!(calculator.sum_up_to(1000), reported)?;
    println!("call      sum_up_to(1000) = {sum}");

    if std::env::args().any(|argument| argument == "--hold") {
        hold(plugin).await?;
    }

    plugin.unload().await?;
    println!("unload    {} is {:?}", plugin.id(), plugin.state());
    if let Err(error) = calculator.add(1, 1).await {
        println!("error     add(1, 1) fails with: {error}");
    }
    registry.stop().await?;
    println!("done");
    Ok(())
}

/// Keeps the plugin running until Ctrl-C, and says how to talk to it.
async fn hold(plugin: &goplug::Plugin) -> anyhow::Result<()> {
    let socket = plugin.socket().unwrap_or_default();
    println!("hold      until Ctrl-C; from another terminal:");
    println!(
        "          curl --unix-socket {} -d '{{\"a\":2,\"b\":3}}' http://goplug/add",
        socket.display()
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}
