//! Configurations that are compared with the schema of a `.pconf` that is hostile, or that look wrong
//! and are no error.

use goplug::Error;
use goplug_tests::fixtures::mailer::{Mailer, MailerClient};
use serde_json::{Value, json};

use crate::configuration::named;
use crate::test_env::{MAILER, TestEnv, pconf, run_test};
use crate::test_log;

/// Installs a mailer with this schema of its configuration, and definitions.
fn install(env: &TestEnv, schema: &Value, definitions: &Value) {
    let mut keys = pconf::<Mailer>(MAILER);
    keys["ConfigurationType"] = json!({"type": "Config", "schema": schema});
    keys["$defs"] = definitions.clone();
    env.put_pconf("acme.Mailer.pconf", &keys);
}

/// The warnings of this plugin's configuration that have this text.
fn warnings(text: &str) -> Vec<String> {
    let mut lines = test_log::lines_with(text);
    lines.retain(|line| line.starts_with("WARN goplug::configuration"));
    lines
}

#[test]
fn a_schema_that_leads_back_to_itself_does_not_hold_up_the_load() {
    run_test(async |env| {
        let itself = json!({"$ref": "#/$defs/A"});
        install(env, &itself, &json!({"A": {"allOf": [itself, itself]}}));
        let registry = env.registry().configure("Mailer", "acme", &named("one"));
        let registry = registry.start().await.unwrap();
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "one");
        registry.stop().await.unwrap();
    });
}

#[test]
fn what_is_too_much_to_check_is_accepted_with_a_warning() {
    run_test(async |env| {
        test_log::record();
        let wide = json!({"allOf": vec![json!({"minLength": 0}); 20_000]});
        install(env, &json!({"properties": {"server": wide}}), &json!({}));
        let name = "long".repeat(1000);
        let registry = env.registry().configure("Mailer", "acme", &named(&name));
        let registry = registry.start().await.unwrap();
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), name);
        assert!(!warnings("its schema takes too much work to check").is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_key_that_the_schema_does_not_name_is_a_warning() {
    run_test(async |env| {
        test_log::record();
        let schema = json!({"type": "object", "properties": {"server": {}, "journal": {}}});
        install(env, &schema, &json!({}));
        let given = json!({"server": "three", "jurnal": null, "gate": null});
        let registry = env.registry().configure("Mailer", "acme", &given);
        let registry = registry.start().await.unwrap();
        let mailer: MailerClient = registry.client().await.unwrap();
        assert_eq!(mailer.server().await.unwrap(), "three");
        let text = "/jurnal: the schema does not name this key; is it \"journal\"?";
        assert_eq!(warnings(text).len(), 1);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_number_beyond_the_format_starts_no_process() {
    run_test(async |env| {
        let port = json!({"type": "integer", "format": "uint32", "minimum": 0});
        install(env, &json!({"properties": {"port": port}}), &json!({}));
        let given = json!({"server": "four", "port": 5_000_000_000_u64});
        let registry = env.registry().configure("Mailer", "acme", &given);
        let registry = registry.start().await.unwrap();
        let error = registry.load("Mailer", "acme").await.unwrap_err();
        assert!(matches!(error, Error::Configuration(_)), "{error:?}");
        assert!(error.to_string().ends_with("/port: expected at most 4294967295"), "{error}");
        assert!(env.processes().is_empty());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_configuration_for_a_plugin_that_reads_none_is_a_warning() {
    run_test(async |env| {
        test_log::record();
        env.install_calculator();
        let registry = env.registry().configure("Calculator", "math", &json!({"digits": 3}));
        let registry = registry.start().await.unwrap();
        assert_eq!(env.load_calculator(&registry).await.add(2, 3).await.unwrap(), 5);
        let lines = warnings("names no configuration that it reads");
        assert!(lines.iter().any(|line| line.contains("plugin=math.Calculator")), "{lines:?}");
        registry.stop().await.unwrap();
    });
}
