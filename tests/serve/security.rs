//! Who may call: certificates, tokens, and their replacement.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use crate::certificates::Root;
use crate::client::{Client, Reply, nothing, whole};
use crate::program::{CALCULATOR, Serving, run_test};

const SUM: &str = r#"{"a":2,"b":3}"#;
const TOKEN: &str = "a-token-of-this-test";
const OTHER: &str = "the-token-after-that";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The status of a call on a connection of its own; 0 if there is none.
async fn call(serving: &Serving, config: &Arc<ClientConfig>, headers: &[&str]) -> u16 {
    let Ok(mut client) = Client::secure(serving.address, Arc::clone(config)).await else {
        return 0;
    };
    match client.send("POST", "/add", headers, whole(SUM)).await {
        Ok(response) => response.status().as_u16(),
        Err(_) => 0,
    }
}

#[test]
fn a_caller_needs_what_the_plugin_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let (root, others) = (Root::new(folder.path(), "root"), Root::new(folder.path(), "others"));
    let (server, host) = (root.sign("server"), root.sign("host"));
    let (stranger, expired) = (others.sign("stranger"), root.sign_until("expired", 2001));
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, format!("# for the test\n{TOKEN}\n{OTHER}\n")).unwrap();
    let root_file = root.file();
    let by_certificate = ["--client-ca", text(&root_file)];
    let by_token = ["--token-file", text(&tokens)];
    let (right, wrong) = (format!("authorization: Bearer {TOKEN}"), "authorization: Bearer wrong");
    let other = format!("authorization: bearer {OTHER}");
    run_test(async || {
        for (asked, certified, by, status) in [
            (&[][..], None, None, 200),
            (&by_token, None, Some(right.as_str()), 200),
            (&by_token, None, Some(other.as_str()), 200),
            (&by_token, None, Some(wrong), 401),
            (&by_token, Some(&host), None, 401),
            (&by_certificate, Some(&host), None, 200),
            (&by_certificate, None, None, 401),
            (&by_certificate, None, Some(right.as_str()), 401),
            (&by_certificate, Some(&stranger), None, 0),
            (&by_certificate, Some(&expired), None, 0),
            (&[by_certificate, by_token].concat()[..], Some(&host), Some(right.as_str()), 200),
            (&[by_certificate, by_token].concat()[..], Some(&host), None, 401),
            (&[by_certificate, by_token].concat()[..], None, Some(right.as_str()), 401),
        ] {
            let arguments = [&server.arguments()[..], asked].concat();
            let serving = Serving::start(CALCULATOR, &arguments);
            for protocol in ["http/1.1", "h2"] {
                let config = root.client(certified, protocol);
                let headers: Vec<&str> = by.into_iter().collect();
                let found = call(&serving, &config, &headers).await;
                assert_eq!(found, status, "{asked:?} {headers:?} {protocol}");
            }
        }
    });
}

#[test]
fn a_refusal_says_what_is_asked_for_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::new(folder.path(), "root");
    let server = root.sign("server");
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, TOKEN).unwrap();
    let arguments = [&server.arguments()[..], &["--token-file", text(&tokens)]].concat();
    let serving = Serving::start(CALCULATOR, &arguments);
    run_test(async || {
        let config = root.client(None, "http/1.1");
        let mut client = Client::secure(serving.address, config).await.unwrap();
        let header = "authorization: Bearer a-token-of-this-tesu";
        let refusal = Reply::of(client.send("GET", "/", &[header], nothing()).await.unwrap()).await;
        assert_eq!(
            (refusal.status, &refusal.headers["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        assert_eq!(refusal.headers["content-type"], "application/problem+json");
        assert!(!refusal.headers.contains_key("goplug-instance"));
        assert!(!refusal.body.contains("token-of") && !refusal.body.contains("Calculator"));
    });
}

#[test]
fn tokens_and_certificates_are_replaced_while_the_plugin_serves() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Root::new(folder.path(), "old"), Root::new(folder.path(), "new"));
    let server = old.sign("server");
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, TOKEN).unwrap();
    let arguments = [&server.arguments()[..], &["--token-file", text(&tokens)]].concat();
    let serving = Serving::start(CALCULATOR, &arguments);
    run_test(async || {
        let by = |token: &str| format!("authorization: Bearer {token}");
        let (of_old, of_new) = (old.client(None, "h2"), new.client(None, "h2"));
        let until = async |config: &Arc<ClientConfig>, token: &str, status: u16| {
            while call(&serving, config, &[&by(token)]).await != status {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert_eq!(call(&serving, &of_old, &[&by(TOKEN)]).await, 200);
        assert_eq!(call(&serving, &of_old, &[&by(OTHER)]).await, 401);

        fs::write(&tokens, format!("{TOKEN}\n{OTHER}\n")).unwrap();
        until(&of_old, OTHER, 200).await;
        assert_eq!(call(&serving, &of_old, &[&by(TOKEN)]).await, 200);
        fs::write(&tokens, OTHER).unwrap();
        until(&of_old, TOKEN, 401).await;

        // What cannot be used changes nothing, and is said once.
        fs::write(&tokens, "short").unwrap();
        assert!(serving.line_with("warning: ").contains("fewer than 16 characters"));
        assert_eq!(call(&serving, &of_old, &[&by(OTHER)]).await, 200);
        fs::write(&tokens, OTHER).unwrap();

        assert_eq!(call(&serving, &of_new, &[&by(OTHER)]).await, 0);
        let renewed = new.sign("server");
        fs::copy(&renewed.key, &server.key).unwrap();
        fs::copy(&renewed.certificate, &server.certificate).unwrap();
        until(&of_new, OTHER, 200).await;
        assert_eq!(call(&serving, &of_old, &[&by(OTHER)]).await, 0);
    });
}

#[test]
fn no_web_page_calls_a_plugin_that_does_not_know_its_callers() {
    let serving = Serving::start(CALCULATOR, &[]);
    run_test(async || {
        let mut client = Client::plain(serving.address, "http/1.1").await;
        for header in ["origin: https://evil.example", "sec-fetch-site: cross-site"] {
            let refused = client.post("/add", &[header], SUM).await;
            assert_eq!(refused.status, 400, "{refused:?}");
            client = Client::plain(serving.address, "http/1.1").await;
        }
        assert_eq!(client.post("/add", &["sec-fetch-site: none"], SUM).await.body, "5");
    });
}

#[test]
fn the_cookie_for_balancers_is_set_once_if_it_is_asked_for() {
    let serving = Serving::start(CALCULATOR, &["--affinity-cookie", "--instance", "one"]);
    run_test(async || {
        let mut client = Client::plain(serving.address, "h2").await;
        let first = client.post("/add", &[], SUM).await;
        let cookie = first.headers["set-cookie"].to_str().unwrap();
        assert_eq!(cookie, "goplug-instance=one; Path=/; HttpOnly; SameSite=Strict");
        let next = client.post("/add", &["cookie: goplug-instance=one"], SUM).await;
        assert!(!next.headers.contains_key("set-cookie"));
        let moved = client.post("/add", &["cookie: goplug-instance=two"], SUM).await;
        assert_eq!((moved.status, moved.headers.contains_key("set-cookie")), (200, true));
    });
}
