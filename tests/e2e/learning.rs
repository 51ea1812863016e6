//! A sandbox that tells what it refuses: with the settings that it lacks, the same plugin works.

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use goplug::{CallError, Learned, Permission, Plugin, Registry, Sandbox};
use goplug_tests::fixtures::confined::{Confined, ConfinedClient};
use serde_json::json;

use crate::test_env::{CONFINED, TestEnv, has_python, run_test};

/// The plugin in this sandbox, and the handle that says what it was refused.
async fn sandboxed(env: &TestEnv, sandbox: Sandbox) -> (Registry, ConfinedClient, Plugin) {
    env.install::<Confined>(CONFINED);
    let registry = env.registry().sandbox(sandbox).start().await.unwrap();
    let client = registry.client().await.unwrap();
    let plugin = registry.load("Confined", "test").await.unwrap();
    env.note_socket(&registry);
    (registry, client, plugin)
}

/// The sandbox with what it lacks.
fn with(learned: &Learned, sandbox: Sandbox) -> Sandbox {
    let add = |sandbox: Sandbox, permission: &Permission| match permission {
        Permission::Read(path) => sandbox.read(path),
        Permission::Write(path) => sandbox.write(path),
        Permission::Connect(port) => sandbox.connect(*port),
        Permission::Udp => sandbox.udp(true),
        Permission::UnixSockets => sandbox.unix_sockets(true),
        other => panic!("{other:?}"),
    };
    let sandbox = learned.permissions.iter().fold(sandbox, add);
    learned.address_families.iter().fold(sandbox, |sandbox, family| sandbox.address_family(*family))
}

/// What the plugin tries.
struct Tried {
    read: PathBuf,
    written: PathBuf,
    tcp: SocketAddr,
    udp: SocketAddr,
    unix: PathBuf,
}

impl Tried {
    /// How many of the attempts succeed.
    async fn successes(&self, plugin: &ConfinedClient) -> usize {
        let ok = |outcome: Result<(), CallError<String>>| usize::from(outcome.is_ok());
        let read = plugin.read(self.read.clone()).await.map(drop);
        let new = self.written.join("new");
        let written = plugin.write(new.clone(), "new").await;
        let removed = plugin.remove(new).await;
        let connected = plugin.connect(self.tcp).await;
        let sent = plugin.send(self.udp).await;
        let unix = plugin.connect_to_unix_socket(self.unix.clone()).await.unwrap();
        let outcomes = [read, written, removed, connected, sent];
        outcomes.into_iter().map(ok).sum::<usize>() + usize::from(unix.is_none())
    }
}

#[test]
fn with_what_a_sandbox_lacks_the_plugin_works_that_it_has_refused() {
    run_test(async |env| {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let udp = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let _unix = UnixListener::bind(env.path("service")).unwrap();
        fs::create_dir(env.path("data")).unwrap();
        fs::write(env.path("file"), "text").unwrap();
        let tried = Tried {
            read: env.path("file"),
            written: env.path("data"),
            tcp: tcp.local_addr().unwrap(),
            udp: udp.local_addr().unwrap(),
            unix: env.path("service"),
        };
        let (registry, client, plugin) = sandboxed(env, Sandbox::new().learn()).await;
        assert_eq!(tried.successes(&client).await, 0);
        let learned = plugin.learned();
        let text = learned.to_string();
        let file = env.path("file").canonicalize().unwrap();
        for line in [
            format!("    .read({file:?})\n"),
            format!("    .connect({})\n", tried.tcp.port()),
            "    .udp(true)\n".into(),
            "    .unix_sockets(true)\n".into(),
        ] {
            assert!(text.contains(&line), "{line}: {text}");
        }
        registry.stop().await.unwrap();
        let (registry, client, plugin) = sandboxed(env, with(&learned, Sandbox::new())).await;
        assert_eq!(tried.successes(&client).await, 6, "{text}");
        assert!(plugin.learned().is_empty());
        registry.stop().await.unwrap();
        // With all of it, there is nothing of this to learn.
        let sandbox = with(&learned, Sandbox::new()).learn();
        let (_registry, client, plugin) = sandboxed(env, sandbox).await;
        assert_eq!(tried.successes(&client).await, 6);
        let (text, own) = (plugin.learned().to_string(), env.path("").display().to_string());
        assert!(
            ![&*own, "connect", "udp", "unix"].iter().any(|part| text.contains(part)),
            "{text}"
        );
    });
}

#[test]
fn a_program_in_python_says_what_its_sandbox_lacks() {
    run_test(async |env| {
        if !has_python() {
            return;
        }
        let secret = env.path("settings.json");
        fs::write(&secret, "{}").unwrap();
        let script = format!("import socket\nopen({:?})\n", secret.to_str().unwrap());
        env.put("probe.py", script);
        let pconf =
            json!({"Name": "Probe", "Protocol": 2, "Exec": ["/usr/bin/python3", "probe.py"]});
        env.put_pconf("Probe.pconf", &pconf);
        let sandbox = Sandbox::new().interpreter("/usr/bin/python3").learn();
        let registry = env.registry().sandbox(sandbox).start().await.unwrap();
        let error = registry.load("Probe", "").await.unwrap_err().to_string();
        assert!(error.contains("settings.json"), "{error}");
        let learned = registry.get("Probe", "").unwrap().learned();
        let expected = Permission::Read(secret.canonicalize().unwrap());
        assert!(learned.permissions.contains(&expected), "{learned}");
    });
}
