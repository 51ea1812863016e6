//! Whom a host trusts at the end of a network, and what lets it in there.

use std::fs;

use goplug::{Error, Registry, Remote};

use super::certificates::{Authority, Identity, Validity};
use super::gateway::speaking;
use super::{BOTH, ONE, Served, announce, client, host};
use crate::test_env::{TestEnv, run_test};

/// The error of a load.
async fn refusal(env: &TestEnv, remote: Remote) -> String {
    let registry = host(env, remote).start().await.unwrap();
    let error = registry.load("Calculator", "math").await.unwrap_err();
    registry.stop().await.unwrap();
    assert!(matches!(error, Error::Start { .. }), "{error:?}");
    error.to_string()
}

async fn loads(env: &TestEnv, remote: Remote) {
    let (registry, calculator) = client(host(env, remote)).await;
    assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    registry.stop().await.unwrap();
}

#[test]
fn a_certificate_that_is_not_the_plugins_is_refused_and_the_error_says_why() {
    run_test(async |env| {
        let (ours, others) = (Authority::new("ours"), Authority::new("others"));
        let trusting = Remote::new().roots(ours.root(env, "ours.pem"));
        for (authority, name, validity, expected) in [
            (&others, "localhost", Validity::Current, "is of no root that this host trusts"),
            (
                &ours,
                "elsewhere.example",
                Validity::Current,
                "of another name than the host in its URL",
            ),
            (&ours, "localhost", Validity::Over, "has expired"),
        ] {
            let tls = authority.server(name, validity, None, BOTH);
            let served = Served::start(env, Some(tls)).await;
            let url = served.announce(env, "https");
            let text = refusal(env, trusting.clone()).await;
            assert!(text.contains(&url) && text.contains(expected), "{text}");
            assert!(served.gateway.seen("/").is_empty());
        }
        // The roots of the system are not those of a test.
        let tls = ours.server("localhost", Validity::Current, None, BOTH);
        Served::start(env, Some(tls)).await.announce(env, "https");
        loads_not(env, Remote::new()).await;
    });
}

async fn loads_not(env: &TestEnv, remote: Remote) {
    let registry = host(env, remote).start().await.unwrap();
    registry.load("Calculator", "math").await.unwrap_err();
    registry.stop().await.unwrap();
}

#[test]
fn a_client_certificate_lets_a_host_in_and_a_wrong_one_does_not() {
    run_test(async |env| {
        let (ours, others) = (Authority::new("ours"), Authority::new("others"));
        let trusting = || Remote::new().roots(ours.root(env, "ours.pem"));
        let known = ours.client(env, "known", Validity::Current);
        let stranger = others.client(env, "stranger", Validity::Current);
        let late = ours.client(env, "late", Validity::Over);
        let by = |identity: &Identity| {
            trusting().client_certificate(&identity.certificate, &identity.key)
        };
        for protocols in [BOTH, ONE] {
            let tls = ours.server("localhost", Validity::Current, Some(&ours), protocols);
            let served = Served::start(env, Some(tls)).await;
            served.announce(env, "https");
            loads(env, by(&known)).await;
            let text = refusal(env, trusting()).await;
            assert!(text.contains("asks for a client certificate"), "{text}");
            for identity in [&stranger, &late] {
                let text = refusal(env, by(identity)).await;
                assert!(text.contains("refuses this host's certificate"), "{text}");
            }
        }
    });
}

#[test]
fn files_that_are_no_certificates_are_told() {
    run_test(async |env| {
        let (_served, remote) = Served::with_tls(env, BOTH).await;
        let empty = env.path("empty.pem");
        fs::write(&empty, "nothing").unwrap();
        for remote in [
            Remote::new().roots(&empty),
            Remote::new().roots(env.path("none")),
            remote.clone().client_certificate(&empty, &empty),
            remote.clone().token_file(env.path("none")),
            remote.clone().token_file(env.folder()),
        ] {
            let registry: Registry = host(env, remote).start().await.unwrap();
            let error = registry.load("Calculator", "math").await.unwrap_err();
            let text = error.to_string();
            let names_file =
                ["empty.pem", "none", "plugins"].iter().any(|file| text.contains(file));
            assert!(matches!(error, Error::Configuration(_)) && names_file, "{text}");
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn a_token_lets_a_host_in_and_a_new_one_is_read_when_the_old_is_refused() {
    run_test(async |env| {
        let file = env.path("token");
        fs::write(&file, "first-secret\n").unwrap();
        let (served, remote) = Served::with_tls(env, BOTH).await;
        served.gateway.ask_for("first-secret");
        let text = refusal(env, remote.clone()).await;
        assert!(text.contains("refuses this host (401 Unauthorized)"), "{text}");
        let (registry, calculator) = client(host(env, remote.token_file(&file))).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);

        served.gateway.ask_for("second-secret");
        let error = calculator.add(2, 3).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("401") && !text.contains("secret"), "{text}");
        assert!(!error.may_have_executed());
        fs::write(&file, "second-secret\n").unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        // The token itself is in each request, and nowhere else.
        let last = served.gateway.seen("/add").pop().unwrap();
        assert_eq!(last.headers["authorization"], "Bearer second-secret");
        registry.stop().await.unwrap();
    });
}

#[test]
fn tls_and_plain_http_that_meet_each_other_are_told() {
    run_test(async |env| {
        let served = Served::start(env, None).await;
        served.announce(env, "https");
        let authority = Authority::new("ours");
        let trusting = Remote::new().roots(authority.root(env, "ours.pem"));
        let text = refusal(env, trusting.clone()).await;
        assert!(text.contains("perhaps it speaks plain HTTP"), "{text}");

        let tls = authority.server("localhost", Validity::Current, None, BOTH);
        let served = Served::start(env, Some(tls)).await;
        served.announce(env, "http");
        let text = refusal(env, Remote::new()).await;
        assert!(text.contains("perhaps it speaks TLS"), "{text}");

        let (address, task) = speaking("SSH-2.0-OpenSSH_9.2\r\n").await;
        for scheme in ["http", "https"] {
            announce(env, &format!("{scheme}://localhost:{}", address.port()));
            refusal(env, trusting.clone()).await;
        }
        task.abort();
    });
}
