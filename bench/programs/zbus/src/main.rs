//! The plugin of zbus from peer to peer alone. It adds, and serves one connection.

use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;

use tokio::net::UnixListener;
use zbus::connection::Builder;

struct Adder;

#[zbus::interface(name = "goplug.bench.Adder")]
impl Adder {
    fn add(&self, a: i64, b: i64) -> i64 {
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
    let builder = Builder::unix_stream(stream.into_std()?).server(zbus::Guid::generate()).p2p();
    let connection = builder.serve_at("/goplug/bench/Adder", Adder).build().await?;
    connection.closed().await;
    Ok(())
}
