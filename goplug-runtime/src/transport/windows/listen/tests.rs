use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::*;
use crate::transport::{connect, has_listener, socket_path};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_connection_arrives_with_its_peer() {
    let path = socket_path(Path::new(""), "");
    let listener = Listener::bind(&path).unwrap();
    assert_eq!(listener.path(), Some(&*path));
    let mut client = connect(&path, SOON).await.unwrap();
    let (mut server, peer) = listener.accept().await.unwrap();

    client.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    server.read_exact(&mut heard).await.unwrap();

    assert_eq!(&heard, b"ping");
    assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
    assert!(peer.is_trusted());
    #[cfg(feature = "host")]
    {
        let peer = client.peer().unwrap();
        assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
        peer.check_listener().unwrap();
    }
}

#[tokio::test]
async fn a_name_is_free_once_its_listener_is_gone() {
    let path = socket_path(Path::new(""), "");
    let listener = Listener::bind(&path).unwrap();
    assert!(has_listener(&path).unwrap());
    assert_eq!(Listener::bind(&path).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    listener.close().unwrap();
    assert!(!has_listener(&path).unwrap());
    Listener::bind(&path).unwrap();
}

#[tokio::test]
async fn many_clients_connect_at_once() {
    const CLIENTS: usize = 5 * WAITING;
    let path = socket_path(Path::new(""), "");
    let listener = Listener::bind(&path).unwrap();
    let clients = (0..CLIENTS).map(|number| {
        let path = path.clone();
        tokio::spawn(async move {
            let mut stream = connect(&path, SOON).await.unwrap();
            let byte = u8::try_from(number).unwrap();
            stream.write_all(&[byte]).await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), byte);
        })
    });
    let clients: Vec<_> = clients.collect();
    let serve = async {
        for _ in 0..CLIENTS {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let byte = stream.read_u8().await.unwrap();
                stream.write_u8(byte).await.unwrap();
            });
        }
    };
    timeout(SOON, serve).await.unwrap();
    for client in clients {
        timeout(SOON, client).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_came_while_nobody_accepted_is_not_lost() {
    let path = socket_path(Path::new(""), "");
    let listener = Listener::bind(&path).unwrap();
    assert!(timeout(Duration::from_millis(5), listener.accept()).await.is_err());
    let mut clients = Vec::new();
    for _ in 0..WAITING {
        clients.push(connect(&path, SOON).await.unwrap());
    }
    // The first of them is polled and given up.
    let mut unheard = Context::from_waker(std::task::Waker::noop());
    drop(std::pin::pin!(listener.accept()).poll(&mut unheard));
    for number in 1..WAITING {
        timeout(SOON, listener.accept()).await.unwrap_or_else(|_| panic!("{number}")).unwrap();
    }
}

#[tokio::test]
async fn a_client_that_has_gone_does_not_hinder_the_next() {
    let path = socket_path(Path::new(""), "");
    let listener = Listener::bind(&path).unwrap();
    for _ in 0..3 * WAITING {
        drop(connect(&path, SOON).await.unwrap());
        // It is a connection that has ended, or an error that concerns it alone.
        drop(timeout(SOON, listener.accept()).await.unwrap());
    }
    let _client = connect(&path, SOON).await.unwrap();
    timeout(SOON, listener.accept()).await.unwrap().unwrap();
}
