//! The plugin of vox over a Unix socket alone. It adds, and serves one connection.

// The service macro makes everything that it generates as public as the trait.
#![allow(unreachable_pub, reason = "what vox generates")]

use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;

use tokio::net::UnixListener;
use vox::NoopClient;
use vox::transport::tcp::StreamLink;

#[vox::service]
pub trait Adder {
    async fn add(&self, a: i64, b: i64) -> i64;
}

#[derive(Clone)]
struct Server;

impl Adder for Server {
    async fn add(&self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // Standard input is the listening socket, which the host has bound.
    let listener = std::os::unix::net::UnixListener::from(stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let (stream, _) = UnixListener::from_std(listener)?.accept().await?;
    let acceptor = vox::acceptor_on(StreamLink::unix(stream));
    let acceptor = acceptor.on_connection(AdderDispatcher::new(Server));
    let client: NoopClient = acceptor.establish().await?;
    client.caller.closed().await;
    Ok(())
}
