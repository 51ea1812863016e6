//! Plugins that serve a network: a gateway with TLS stands before a plugin of this machine.

mod calls;
mod certificates;
mod faults;
mod gateway;
mod streams;
mod trust;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug::{Registry, RegistryBuilder, Remote};
use goplug_tests::fixtures::calculator::CalculatorClient;
use rustls::ServerConfig;
use serde_json::json;

use self::certificates::{Authority, Validity};
use self::gateway::Gateway;
use crate::foreign::SelfStarted;
use crate::http::Connection;
use crate::test_env::{TestEnv, socket_in, until};

/// Both versions of HTTP, of which a host takes the second.
const BOTH: &[&str] = &["h2", "http/1.1"];

/// HTTP/1.1 alone.
const ONE: &[&str] = &["http/1.1"];

/// How many plugins were started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// A calculator that is active, and a gateway before it.
struct Served {
    process: SelfStarted,
    socket: PathBuf,
    gateway: Gateway,
}

impl Served {
    async fn start(env: &TestEnv, tls: Option<Arc<ServerConfig>>) -> Self {
        // A process that was killed leaves its files.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = env.path(&format!("elsewhere{number}"));
        std::fs::create_dir(&folder).unwrap();
        let process = SelfStarted::start_in(env, &folder);
        let file = folder.join("math.Calculator.pconf");
        until("the plugin serves", || file.exists()).await;
        let socket = socket_in(&file);
        let activated = Connection::open(&socket).await.post("/Activate", "null").await;
        assert_eq!(activated.status, 200);
        let gateway = Gateway::start(socket.clone(), tls).await;
        Self { process, socket, gateway }
    }

    /// A gateway with TLS, for these versions of HTTP, and what hosts trust it by.
    async fn with_tls(env: &TestEnv, protocols: &[&str]) -> (Self, Remote) {
        let authority = Authority::new("ours");
        let tls = authority.server("localhost", Validity::Current, None, protocols);
        let served = Self::start(env, Some(tls)).await;
        served.announce(env, "https");
        (served, Remote::new().roots(authority.root(env, "root.pem")))
    }

    /// Puts the file of the plugin into the folder of the host.
    fn announce(&self, env: &TestEnv, scheme: &str) -> String {
        let url = format!("{scheme}://localhost:{}", self.gateway.address.port());
        announce(env, &url);
        url
    }
}

fn announce(env: &TestEnv, url: &str) {
    let keys = json!({"Name": "Calculator", "NameSpace": "math", "Url": url});
    env.put_pconf("math.Calculator.pconf", &keys);
}

/// A host of the plugin that reaches it in this way.
fn host(env: &TestEnv, remote: Remote) -> RegistryBuilder {
    env.registry().plugin("Calculator", "math", |policy| policy.remote(remote))
}

async fn client(builder: RegistryBuilder) -> (Registry, CalculatorClient) {
    let registry = builder.start().await.unwrap();
    let calculator = registry.client().await.unwrap();
    (registry, calculator)
}
