//! The plugin of the bare tokio socket alone. It adds, and serves one connection.
//!
//! The frames are those of the benchmark's bare sockets: a length of four bytes, a kind of one
//! byte, and a JSON body.

use std::error::Error;
use std::io::{ErrorKind, stdin};
use std::os::fd::AsFd;

use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

/// The kind of the frame that requests a sum and of the frame that carries it.
const ADD: u8 = 0;

#[derive(Deserialize)]
struct Pair {
    a: i64,
    b: i64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    // Standard input is the listening socket, which the host has bound.
    let listener = std::os::unix::net::UnixListener::from(stdin().as_fd().try_clone_to_owned()?);
    listener.set_nonblocking(true)?;
    let (mut stream, _) = UnixListener::from_std(listener)?.accept().await?;
    let (mut head, mut body, mut response) = ([0; 5], Vec::new(), Vec::new());
    loop {
        match stream.read_exact(&mut head).await {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        };
        let [a, b, c, d, kind] = head;
        if kind != ADD {
            return Err("a frame of an unknown kind".into());
        }
        body.resize(u32::from_le_bytes([a, b, c, d]) as usize, 0);
        stream.read_exact(&mut body).await?;
        let Pair { a, b } = serde_json::from_slice(&body)?;
        response.clear();
        response.extend_from_slice(&head);
        serde_json::to_writer(&mut response, &a.wrapping_add(b))?;
        let length = u32::try_from(response.len() - head.len())?;
        response[..4].copy_from_slice(&length.to_le_bytes());
        stream.write_all(&response).await?;
    }
}
