//! A plugin's process that takes what its host has handed over.

use tokio::io::AsyncWriteExt;

use super::*;
use crate::transport::Inherited;

async fn serve_one_connection() {
    let inherited = Inherited::claim().unwrap();
    let second = Inherited::claim().unwrap();
    assert!(second.listener.is_none() && second.lifeline.is_none());
    let (mut stream, peer) = inherited.listener.unwrap().accept().await.unwrap();
    assert!(peer.is_trusted());
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    stream.write_all(&heard.to_ascii_uppercase()).await.unwrap();
    let lifeline = inherited.lifeline.unwrap();
    while !lifeline.has_ended() {}
}

#[tokio::test]
async fn a_connection_made_before_the_plugin_runs_is_served() {
    if std::env::var_os(ROLE).is_some() {
        return serve_one_connection().await;
    }
    let stage = Stage::new();
    let mut stream = crate::transport::connect(stage.listener.path(), SOON).await.unwrap();
    stream.write_all(b"hello").await.unwrap();

    let own = std::env::current_exe().unwrap();
    let args = arguments(module_path!(), "a_connection_made_before_the_plugin_runs_is_served");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let started = stage.start_with(&own, &args, &[(ROLE, "plugin")]).await.unwrap();

    let mut answer = [0; 5];
    let read = tokio::time::timeout(SOON, stream.read_exact(&mut answer));
    read.await.expect("no answer").unwrap();
    assert_eq!(&answer, b"HELLO");
    started.child.close_lifeline();
    let status = started.child.wait().await.unwrap();
    assert!(status.success(), "{}", all(started.stdout).await);
}
