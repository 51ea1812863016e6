//! A plugin on the raw layer: it registers functions by name, which take and return bytes.
//! No host starts it: it runs by itself, and a host finds it by the `.pconf` that it writes.
//!
//! Run it with `cargo run -p raw --bin raw-plugin -- FOLDER`, and beside it `raw-host` with
//! the same folder. Hosts come and go; the plugin runs until it gets Ctrl-C or `SIGTERM`, on
//! Windows Ctrl-Break, and then removes its `.pconf` and its socket.

#![allow(clippy::print_stdout, reason = "what this program is for")]

use goplug::{Bytes, Error, PluginServer};
use tokio::signal;
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "plugins".into());
    let (trigger, mut triggered) = mpsc::channel(1);
    let server = PluginServer::builder("Do")
        .namespace("Test")
        .location(&folder)
        .on_activate(|_| async {
            println!("plugin: activated");
            anyhow::Ok(())
        })
        .on_stop(|| async {
            println!("plugin: stopping");
            anyhow::Ok(())
        })
        .method("main.Do", |input: Bytes| async move {
            anyhow::Ok(Bytes::from(input.to_ascii_uppercase()))
        })
        .method("main.Fail", |_: Bytes| async move {
            Err::<Bytes, _>(anyhow::anyhow!("there is no such thing"))
        })
        .method("main.Trigger", move |input: Bytes| {
            let trigger = trigger.clone();
            async move {
                trigger.send(input).await?;
                anyhow::Ok(Bytes::from_static(b"scheduled"))
            }
        })
        .build()?;
    // Before anybody can see the files: whoever ends the process then leaves none behind.
    let (mut interrupt, mut terminate) = end_requests()?;
    server.start().await?;
    println!("plugin: listens, its .pconf is in {folder}");

    loop {
        tokio::select! {
            Some(input) = triggered.recv() => match server.notify("main.Tick", input).await {
                Ok(()) => println!("plugin: told {:?}", server.callbacks()),
                Err(Error::NotRegistered { .. }) => println!("plugin: nobody listens"),
                Err(error) => println!("plugin: could not call back: {error}"),
            },
            _ = terminate.recv() => server.request_stop(),
            _ = interrupt.recv() => server.request_stop(),
            () = server.stopped() => break,
        }
    }
    println!("plugin: stopped");
    Ok(())
}

/// The two requests to end that a program hears of: of its terminal, and of other programs.
#[cfg(unix)]
fn end_requests() -> std::io::Result<(signal::unix::Signal, signal::unix::Signal)> {
    use signal::unix::{SignalKind, signal};
    Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
}

/// The two requests to end that a program hears of: of its terminal, and of other programs.
#[cfg(windows)]
fn end_requests() -> std::io::Result<(signal::windows::CtrlC, signal::windows::CtrlBreak)> {
    Ok((signal::windows::ctrl_c()?, signal::windows::ctrl_break()?))
}
