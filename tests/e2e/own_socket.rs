//! A plugin in a language that cannot take over a descriptor: it binds a socket of its own at the
//! path in `GOPLUG_SOCK`, although the host has connected to the first one already.

use std::fs;
use std::process::Command;

use goplug::raw::Reply;
use goplug::{CallbackHandler, Caller, Plugin, Registry};
use serde_json::json;

use crate::test_env::{TestEnv, run_test, soon, until};

/// The plugin. Its arguments: how long it waits before it binds the socket, and between that and
/// listening, in seconds.
const PLUGIN: &str = r#"
import json, os, queue, socket, socketserver, sys, threading, time
from http.server import BaseHTTPRequestHandler

stream, replies, heard = None, queue.Queue(), None

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def address_string(self): return "host"
    def log_message(self, *_): pass

    def answer(self, body, media_type="application/json"):
        self.send_response(200)
        self.send_header("Goplug-Protocol", "2")
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        global stream, heard
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        method = self.path.split("/")[1]
        if method == "Activate":
            if stream:
                event = b"id: 1\nevent: choose\ndata: {}\n\n"
                stream.write(b"%x\r\n%s\r\n" % (len(event), event))
                heard = replies.get(timeout=10)
            descriptor = {"name": "Own", "callbacks": [
                {"name": "choose", "returns": {"type": "i64"}}]}
            self.answer(json.dumps(descriptor).encode(), "application/vnd.goplug+json")
        elif method == "RegisterCallback":
            self.send_response(200)
            self.send_header("Goplug-Protocol", "2")
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            stream = self.wfile
            self.end_headers()
            threading.Event().wait()
        elif method == "CallbackReply":
            replies.put(json.loads(body))
            self.answer(b"")
        elif method == "Stop":
            self.answer(b"")
            os._exit(0)
        else:
            self.answer(json.dumps(heard).encode())

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    def server_bind(self):
        super().server_bind()
        time.sleep(float(sys.argv[2]))

def lifeline():
    os.read(int(os.environ["GOPLUG_LIFELINE"]), 1)
    os._exit(0)

threading.Thread(target=lifeline, daemon=True).start()
time.sleep(float(sys.argv[1]))
path = os.environ["GOPLUG_SOCK"]
os.unlink(path)
Server(path, Handler).serve_forever()
"#;

/// A registry with the plugin, which is not loaded yet; `None` if there is no Python.
async fn own(env: &TestEnv, waits: [&str; 2]) -> Option<(Registry, Plugin)> {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let Ok(found) = found else {
        eprintln!("not tried: there is no python3");
        return None;
    };
    let python = String::from_utf8(found.stdout).unwrap();
    let script = env.path("own.py");
    fs::write(&script, PLUGIN).unwrap();
    let exec = json!([python.trim(), script, waits[0], waits[1]]);
    let keys = json!({"Name": "Own", "Protocol": 2, "Exec": exec, "LazyLoad": true});
    env.put_pconf("Own.pconf", &keys);
    let registry = env.registry().auto_discover(true).start().await.unwrap();
    let plugin = registry.get("Own", "").unwrap();
    Some((registry, plugin))
}

async fn choose(plugin: &Plugin) -> goplug::Subscription {
    let handler = CallbackHandler::new(|_| async { Reply::json(&42) });
    plugin.subscribe("choose", handler).await.unwrap()
}

#[test]
fn a_plugin_binds_its_socket_itself() {
    run_test(async |env| {
        let Some((registry, plugin)) = own(env, ["0", "0"]).await else { return };
        for _ in 0..2 {
            registry.load("Own", "").await.unwrap();
            env.note_socket(&registry);
            assert_eq!(plugin.execute("heard", "").await.unwrap(), "null");
            let socket = plugin.socket().unwrap();
            assert!(socket.exists());
            plugin.unload().await.unwrap();
            assert!(!socket.exists());
        }
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_may_take_its_time_between_the_steps() {
    run_test(async |env| {
        let Some((registry, plugin)) = own(env, ["0.1", "0.1"]).await else { return };
        registry.load("Own", "").await.unwrap();
        env.note_socket(&registry);
        let before = plugin.process_id();
        registry.reload("Own", "").await.unwrap();
        assert_ne!(plugin.process_id(), before);
        assert_eq!(plugin.execute("heard", "").await.unwrap(), "null");
    });
}

#[test]
fn callbacks_are_registered_on_the_plugins_own_socket_before_its_activation() {
    run_test(async |env| {
        for waits in [["0", "0"], ["0.1", "0.1"]] {
            let Some((registry, plugin)) = own(env, waits).await else { return };
            let _subscription = choose(&plugin).await;
            registry.load("Own", "").await.unwrap();
            env.note_socket(&registry);
            assert_eq!(plugin.execute("heard", "").await.unwrap(), "42");
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn the_end_of_a_plugin_with_its_own_socket_is_noticed() {
    run_test(async |env| {
        let Some((registry, plugin)) = own(env, ["0", "0"]).await else { return };
        let _subscription = choose(&plugin).await;
        registry.load("Own", "").await.unwrap();
        env.note_socket(&registry);
        crate::test_env::kill(plugin.process_id().unwrap());
        until("the end is noticed", || plugin.process_id().is_none()).await;
        soon("the load", registry.load("Own", "")).await.unwrap();
        assert_eq!(plugin.execute("heard", "").await.unwrap(), "42");
    });
}
