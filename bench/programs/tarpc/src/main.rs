//! The plugin of tarpc with bincode alone. It adds, and serves one connection.

// The service macro makes everything that it generates as public as the trait.
#![allow(unreachable_pub, reason = "what tarpc generates")]

use std::error::Error;
use std::io::stdin;
use std::os::fd::AsFd;

use futures_util::StreamExt;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::LengthDelimitedCodec;
use tarpc::{context, serde_transport};
use tokio::net::UnixListener;

/// The first method of the benchmark's shared service. bincode identifies a method by its
/// number, so both services agree on this method.
#[tarpc::service]
pub trait Adder {
    async fn add(a: i64, b: i64) -> i64;
}

#[derive(Clone)]
struct Server;

impl Adder for Server {
    async fn add(self, _: context::Context, a: i64, b: i64) -> i64 {
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
    let framed = LengthDelimitedCodec::builder().new_framed(stream);
    let transport = serde_transport::new(framed, Bincode::default());
    let calls = BaseChannel::with_defaults(transport).execute(Server.serve());
    calls
        .for_each(|call| async {
            tokio::spawn(call);
        })
        .await;
    Ok(())
}
