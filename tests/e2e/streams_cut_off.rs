//! Streams of plugins that break them off.

use goplug_runtime::transport::{Listener, Stream};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::read_request;
use crate::streams::all;
use crate::test_env::run_test;

/// The beginning of what a plugin of the test answers to every call.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

async fn serve_connection(mut stream: Stream, name: String, answer: String) {
    let mut bytes = Vec::new();
    while let Some((head, _)) = read_request(&mut stream, &mut bytes).await {
        let descriptor = json!({"name": name, "methods": [{"name": "work"}]}).to_string();
        let is_activation = head.contains("/Activate");
        let response = match is_activation {
            true => format!(
                "HTTP/1.1 200 OK\r\nGoplug-Protocol: 2\r\nContent-Length: {}\r\n\r\n{descriptor}",
                descriptor.len()
            ),
            false => answer.clone(),
        };
        if stream.write_all(response.as_bytes()).await.is_err() || !is_activation {
            return;
        }
    }
}

#[test]
fn a_stream_that_is_cut_off_is_an_error_wherever_that_happens() {
    run_test(async |env| {
        let registry = env.registry().start().await.unwrap();
        let item = "event: item\r\ndata: 1\r\n\r\n";
        let chunk = format!("{:x}\r\n{item}\r\n", item.len());
        let sized = format!("{HEAD}Content-Length: 999\r\n\r\n{item}");
        let to_its_end = format!("{HEAD}\r\n{item}event: end\r\n");
        let ended = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n");
        let within = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunk}2a\r\nevent");
        for (number, answer) in [sized, to_its_end, ended, within].into_iter().enumerate() {
            let (name, socket) = (format!("Foreign{number}"), env.socket(&number.to_string()));
            let listener = Listener::bind(&socket).unwrap();
            let (answer, named) = (answer.clone(), name.clone());
            let serving = tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve_connection(stream, named.clone(), answer.clone()));
                }
            });
            let keys = json!({"Name": name, "Protocol": 2, "Sock": socket, "LazyLoad": true});
            env.put_pconf(&format!("{name}.pconf"), &keys);
            let plugin = registry.load(&name, "").await.unwrap();
            let (items, error) = all(plugin.execute_stream("work", "").await.unwrap()).await;
            assert_eq!(items, ["1"]);
            let text = error.expect("it was cut off").to_string();
            assert!(text.contains("without a whole answer"), "{text}");
            serving.abort();
        }
    });
}
