//! A contract's methods with a body: a plugin may lack them, and its clients know.

use std::path::Path;
use std::sync::{Arc, Mutex};

use goplug::{CallError, Error, Plugin, Registry, State};
use goplug_tests::fixtures::greeter::{self, GreetError};
use goplug_tests::fixtures::newer_greeter::GreeterClient;
use serde_json::{Value, json};

use crate::live_plugin::{InTask, read_line, serve_methods};
use crate::test_env::{POLITE, TestEnv, WAVING, has_python, run_test, soon};

/// The `.pconf` of the plugin of either contract.
fn polite(program: &str) -> Value {
    json!({"Name": "Polite", "NameSpace": "greeters", "Protocol": 2, "Exec": [program]})
}

/// A registry, and the plugin that is run from this program.
async fn load(env: &TestEnv, program: &str) -> (Registry, Plugin) {
    env.put_pconf("greeters.Polite.pconf", &polite(program));
    let registry = env.registry().start().await.unwrap();
    let plugin = registry.load("Polite", "greeters").await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

fn everybody() -> Vec<String> {
    vec!["Ada".to_owned(), "Grace".to_owned()]
}

/// Whether an error says that the plugin lacks this method, and that nothing happened.
fn says_not_offered(error: &Error, lacking: &str) -> bool {
    matches!(error, Error::NotOffered { method, .. } if method == lacking)
        && !error.may_have_executed()
        && error.to_string()
            == format!(
                "greeters.Polite has no method \"{lacking}\", which its contract leaves optional"
            )
}

#[test]
fn a_newer_contract_binds_to_an_older_plugin() {
    run_test(async |env| {
        let (_registry, plugin) = load(env, POLITE).await;
        let greeter: GreeterClient = plugin.client().unwrap();
        assert!(!greeter.offers_wave() && !greeter.offers_greet_all());

        let error = greeter.wave().await.unwrap_err();
        assert!(says_not_offered(&error, "greeter.wave"), "{error}");
        let error = greeter.greet_all(&everybody()).await.unwrap_err();
        let CallError::Goplug(error) = error else { panic!("{error}") };
        assert!(says_not_offered(&error, "greet_all"), "{error}");

        // What both contracts have works, callbacks too.
        let mut greeted = greeter.greeted_stream().await.unwrap();
        assert_eq!(greeter.greet("Ada").await.unwrap(), "Good day, Ada.");
        assert_eq!(soon("the callback", greeted.next()).await.as_deref(), Some("Ada"));
    });
}

#[test]
fn a_blocking_client_of_a_newer_contract_does_so_too() {
    run_test(async |env| {
        let (_registry, plugin) = load(env, POLITE).await;
        let greeter = GreeterClient::blocking(plugin).unwrap();
        assert!(!greeter.offers_wave() && !greeter.offers_greet_all());
        let error = greeter.wave().unwrap_err();
        assert!(says_not_offered(&error, "greeter.wave"), "{error}");
        let error = Error::from(greeter.greet_all(&everybody()).unwrap_err());
        assert!(says_not_offered(&error, "greet_all"), "{error}");
        assert_eq!(greeter.greet("Ada").unwrap(), "Good day, Ada.");
    });
}

#[test]
fn an_older_contract_binds_to_a_newer_plugin_which_has_the_bodies_of_its_contract() {
    run_test(async |env| {
        let (_registry, plugin) = load(env, WAVING).await;
        let older: greeter::GreeterClient = plugin.client().unwrap();
        assert_eq!(older.greet("Ada").await.unwrap(), "Hello, Ada.");

        let newer: GreeterClient = plugin.client().unwrap();
        assert!(newer.offers_wave() && newer.offers_greet_all());
        assert_eq!(newer.wave().await.unwrap(), "a wave");
        let mut greeted = newer.greeted_stream().await.unwrap();
        let greetings = newer.greet_all(&everybody()).await.unwrap();
        assert_eq!(greetings, ["Hello, Ada.", "Hello, Grace."]);
        for name in everybody() {
            assert_eq!(soon("a callback", greeted.next()).await, Some(name));
        }
        let error = newer.greet_all(&[String::new()]).await.unwrap_err();
        assert!(matches!(error, CallError::Method(GreetError::Nobody)), "{error}");

        let blocking = GreeterClient::blocking(plugin).unwrap();
        assert!(blocking.offers_wave());
        assert_eq!(blocking.wave().unwrap(), "a wave");
    });
}

#[test]
fn an_upgrade_changes_what_a_client_is_offered() {
    run_test(async |env| {
        let (registry, plugin) = load(env, POLITE).await;
        let greeter: GreeterClient = plugin.client().unwrap();
        let blocking = GreeterClient::blocking(plugin).unwrap();
        assert!(!greeter.offers_wave() && !blocking.offers_wave());

        env.put_pconf("greeters.Polite.pconf", &polite(WAVING));
        registry.reload("Polite", "greeters").await.unwrap();
        assert!(greeter.offers_wave() && blocking.offers_wave());
        assert_eq!(greeter.wave().await.unwrap(), "a wave");
        assert_eq!(blocking.wave().unwrap(), "a wave");

        // And back: the client can do without the methods.
        env.put_pconf("greeters.Polite.pconf", &polite(POLITE));
        registry.reload("Polite", "greeters").await.unwrap();
        assert!(!greeter.offers_wave() && !blocking.offers_wave());
        let error = greeter.wave().await.unwrap_err();
        assert!(says_not_offered(&error, "greeter.wave"), "{error}");
    });
}

#[test]
fn before_a_load_the_pconf_says_what_is_offered() {
    run_test(async |env| {
        let mut keys = polite(WAVING);
        env.put_pconf("greeters.Polite.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.get("Polite", "greeters").unwrap();
        let greeter: GreeterClient = plugin.client().unwrap();
        assert_eq!(plugin.state(), State::Discovered);
        assert!(!greeter.offers_wave(), "the .pconf lists no methods");
        registry.load("Polite", "greeters").await.unwrap();
        env.note_socket(&registry);
        assert!(greeter.offers_wave());

        plugin.unload().await.unwrap();
        keys["Methods"] = json!([{"name": "greet"}, {"name": "greeter.wave"}]);
        keys["Callbacks"] = json!([{"name": "greeted"}]);
        env.put_pconf("greeters.Polite.pconf", &keys);
        registry.load("Polite", "greeters").await.unwrap();
        plugin.unload().await.unwrap();
        assert!(greeter.offers_wave() && !greeter.offers_greet_all());
    });
}

/// What a plugin in another language is asked to do.
#[allow(dead_code, reason = "only its clients are used here")]
#[goplug::plugin]
trait Counting {
    #[goplug::method]
    fn count(&self) -> u64;

    #[goplug::method]
    fn reset(&self) -> u64 {
        0
    }
}

#[test]
fn a_call_of_a_method_that_a_plugin_lacks_is_not_sent() {
    run_test(async |env| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&lines);
        let in_task = InTask::load(env, move |mut stream| {
            let heard = Arc::clone(&heard);
            async move {
                while let Some(line) = read_line(&mut stream).await {
                    heard.lock().unwrap().push(line.clone());
                    serve_methods(&mut stream, &line, "7").await;
                }
            }
        })
        .await;
        let counting: CountingClient = in_task.plugin().client().unwrap();
        assert!(!counting.offers_reset());
        assert!(matches!(counting.reset().await, Err(Error::NotOffered { .. })));
        let blocking = CountingClient::blocking(in_task.plugin().clone()).unwrap();
        assert!(matches!(blocking.reset(), Err(Error::NotOffered { .. })));
        assert_eq!(counting.count().await.unwrap(), 7);
        let calls = lines.lock().unwrap().clone();
        let calls: Vec<_> = calls.iter().filter(|line| !line.contains("/Activate")).collect();
        assert!(matches!(&calls[..], [line] if line.contains("/count")), "{calls:?}");
        in_task.end().await;
    });
}

/// What a plugin in Python is asked to do.
#[allow(dead_code, reason = "only its clients are used here")]
#[goplug::plugin]
trait Adding {
    #[goplug::method]
    fn add(&self, a: i64, b: i64) -> i64;

    #[goplug::method]
    fn subtract(&self, a: i64, b: i64) -> i64 {
        a - b
    }
}

#[test]
fn a_plugin_in_python_may_lack_a_method() {
    if !has_python() {
        return;
    }
    run_test(async |env| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python/calculator.py");
        let keys = json!({
            "Name": "PythonCalculator", "NameSpace": "math", "Protocol": 2,
            "Exec": ["/usr/bin/env", "python3", script],
        });
        env.put_pconf("math.PythonCalculator.pconf", &keys);
        let registry = env.registry().trust_writable(true).start().await.unwrap();
        let plugin = registry.load("PythonCalculator", "math").await.unwrap();
        env.note_socket(&registry);
        let adding: AddingClient = plugin.client().unwrap();
        assert!(!adding.offers_subtract());
        assert!(matches!(adding.subtract(3, 2).await, Err(Error::NotOffered { .. })));
        assert_eq!(adding.add(3, 2).await.unwrap(), 5);
    });
}
