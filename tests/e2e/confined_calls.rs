//! System calls that a sandbox refuses: what a plugin attempts fails with an error that it gets over, and
//! nothing happens to its host.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use goplug::{Registry, Sandbox};
use goplug_tests::fixtures::confined::{Confined, ConfinedClient};
use goplug_tests::fixtures::unix::attempts;
use rustix::process::{Resource, getpriority_process, getrlimit};

use crate::test_env::{CONFINED, TestEnv, run_test};

/// The plugin in this sandbox, or in none. It is stopped when the registry is dropped.
async fn plugin(env: &TestEnv, sandbox: Option<Sandbox>) -> (Registry, ConfinedClient) {
    env.install::<Confined>(CONFINED);
    let mut builder = env.registry();
    if let Some(sandbox) = sandbox {
        builder = builder.sandbox(sandbox);
    }
    let registry = builder.start().await.unwrap();
    let plugin = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

#[test]
fn a_sandbox_refuses_each_call_that_reaches_others_or_the_kernel() {
    run_test(async |env| {
        let (_registry, plugin) = plugin(env, Some(Sandbox::new())).await;
        let process = plugin.plugin().process_id();
        let mut wrong = Vec::new();
        for attempt in attempts::all() {
            let error = plugin.attempt(attempt.name).await.unwrap();
            if error != Some(attempt.error) {
                wrong.push((attempt.name, error, attempt.error));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(plugin.plugin().process_id(), process, "it has got over all of them");
    });
}

/// What a plugin could do to its host.
fn own_settings() -> impl PartialEq + std::fmt::Debug {
    let limits = [Resource::Cpu, Resource::Nofile, Resource::As].map(|resource| {
        let limit = getrlimit(resource);
        (limit.current, limit.maximum)
    });
    let group = rustix::process::getpgrp();
    (limits, getpriority_process(None).unwrap(), group)
}

#[test]
fn a_plugin_in_a_sandbox_changes_nothing_of_its_host() {
    run_test(async |env| {
        let before = own_settings();
        let (_registry, plugin) = plugin(env, Some(Sandbox::new().tcp(true).udp(true))).await;
        for attempt in attempts::all() {
            if attempt.name.contains("host") || attempt.name.contains("user's") {
                plugin.attempt(attempt.name).await.unwrap().expect(attempt.name);
            }
        }
        assert_eq!(own_settings(), before);
    });
}

/// Without the filter the kernel itself has no objection, so that the other tests test the filter.
#[test]
fn without_a_sandbox_the_same_attempts_are_the_users_own() {
    run_test(async |env| {
        let (_registry, plugin) = plugin(env, None).await;
        let harmless = [
            "a process by clone3",
            "executable data",
            "join the host's process group",
            "outlive the host",
            "sockets of others",
            "TCP",
            "UDP",
        ];
        for name in harmless {
            let refused = attempts::all().into_iter().find(|attempt| attempt.name == name).unwrap();
            let error = plugin.attempt(name).await.unwrap();
            assert_ne!(error, Some(refused.error), "{name}");
        }
    });
}

/// Whether the plugin in this sandbox may make the socket of this attempt.
async fn may_make(plugin: &ConfinedClient, name: &str) -> bool {
    let error = plugin.attempt(name).await.unwrap();
    let refusals = [libc::EAFNOSUPPORT, libc::EPROTONOSUPPORT, libc::EPERM];
    !error.is_some_and(|error| refusals.contains(&error))
}

#[test]
fn sockets_are_those_that_the_sandbox_names() {
    let tcp = ["TCP", "TCP by IPv6"];
    let udp = ["UDP", "UDP by IPv6"];
    let other = ["MPTCP", "SCTP", "echo requests", "raw packets", "all packets", "routes"];
    for (sandbox, allowed) in [
        (Sandbox::new().tcp(true), &tcp[..]),
        (Sandbox::new().connect(80), &tcp),
        (Sandbox::new().udp(true), &udp),
        (Sandbox::new().udp(true).udp(false), &[]),
        (Sandbox::new().address_family(libc::AF_NETLINK), &["routes"]),
    ] {
        run_test(async |env| {
            let (_registry, plugin) = plugin(env, Some(sandbox.clone())).await;
            for name in [&tcp[..], &udp, &other].concat() {
                // A machine may lack IPv6.
                let may = may_make(&plugin, name).await || name.contains("IPv6");
                let expected = allowed.contains(&name) || name.contains("IPv6");
                assert_eq!(may, expected, "{name} in {sandbox:?}");
            }
        });
    }
}

#[test]
fn a_datagram_is_sent_if_the_sandbox_names_udp_and_otherwise_not() {
    run_test(async |env| {
        let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = receiver.local_addr().unwrap();
        let (_registry, plugin) = plugin(env, Some(Sandbox::new().udp(true))).await;
        plugin.send(address).await.unwrap();
        let mut buffer = [0; 16];
        assert_eq!(receiver.recv(&mut buffer).unwrap(), 5);
    });
    run_test(async |env| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let (_registry, plugin) = plugin(env, Some(Sandbox::new().connect(80))).await;
        plugin.send(address).await.unwrap_err();
    });
}

#[test]
fn a_connection_that_begins_with_its_first_bytes_is_refused_as_others_are() {
    run_test(async |env| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let to = listener.local_addr().unwrap();
        let (_registry, plugin) = plugin(env, Some(Sandbox::new().connect(80))).await;
        assert_eq!(plugin.connect_by_sending(to).await.unwrap(), Some(libc::EPERM));
        assert!(listener.accept().is_err());
    });
    run_test(async |env| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = listener.local_addr().unwrap();
        let (_registry, plugin) = plugin(env, Some(Sandbox::new().tcp(true))).await;
        assert_eq!(plugin.connect_by_sending(to).await.unwrap(), None);
        listener.accept().unwrap();
    });
}

#[test]
fn a_unix_socket_of_another_process_is_reached_only_if_the_sandbox_names_them() {
    for (sandbox, is_reached) in [
        (Some(Sandbox::new()), false),
        (Some(Sandbox::new().unix_sockets(true)), true),
        (Some(Sandbox::new().udp(true)), true),
        (None, true),
    ] {
        run_test(async |env| {
            let service = env.path("service");
            let _listener = UnixListener::bind(&service).unwrap();
            let (_registry, plugin) = plugin(env, sandbox.clone()).await;
            let error = plugin.connect_to_unix_socket(service).await.unwrap();
            assert_eq!(error, (!is_reached).then_some(libc::EPERM), "{sandbox:?}");
        });
    }
}

/// The plugin in this sandbox beside another one, and the path of the other's socket.
async fn beside_another(env: &TestEnv, sandbox: Sandbox) -> (Registry, ConfinedClient, PathBuf) {
    env.install::<Confined>(CONFINED);
    env.install_calculator();
    let builder = env.registry().plugin("Confined", "test", |policy| policy.sandbox(sandbox));
    let registry = builder.start().await.unwrap();
    let other = registry.load("Calculator", "math").await.unwrap().socket().unwrap();
    let plugin = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, plugin, other)
}

#[test]
fn a_plugin_in_a_sandbox_does_not_find_the_sockets_of_others() {
    run_test(async |env| {
        let sandbox = Sandbox::new().unix_sockets(true);
        let (_registry, plugin, other) = beside_another(env, sandbox).await;
        assert_eq!(plugin.find_siblings().await.unwrap_err().to_string(), "permission denied");
        // A name tells nothing about the next one.
        for name in ["0.sock", "1.sock", "math.Calculator.sock"] {
            let error = plugin.connect_to_unix_socket(other.with_file_name(name)).await.unwrap();
            assert_eq!(error, Some(libc::ENOENT), "{name}");
        }
    });
}

#[test]
fn a_plugin_in_a_sandbox_without_unix_sockets_connects_to_no_other_even_by_its_path() {
    run_test(async |env| {
        let (_registry, plugin, other) = beside_another(env, Sandbox::new()).await;
        let error = plugin.connect_to_unix_socket(other).await.unwrap();
        assert_eq!(error, Some(libc::EPERM));
    });
}

#[test]
fn without_a_sandbox_plugins_of_one_user_find_each_other_as_documented() {
    run_test(async |env| {
        env.install_calculator();
        let (registry, plugin) = plugin(env, None).await;
        registry.load("Calculator", "math").await.unwrap();
        assert_eq!(plugin.find_siblings().await.unwrap(), 1);
    });
}
