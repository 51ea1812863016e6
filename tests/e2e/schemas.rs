//! Where the schemas of a plugin's types are seen from outside.

use std::fs;

use goplug_tests::fixtures::calculator::Calculator;
use serde_json::{Value, json};

use crate::http::{Connection, request};
use crate::test_env::{CALCULATOR, TestEnv, run_test};

/// What the calculator's program prints.
fn printed(env: &TestEnv) -> Value {
    let output = env.command(CALCULATOR).arg("describe").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn schema_of_a(descriptor: &Value, methods: &str) -> Value {
    let methods = descriptor[methods].as_array().unwrap();
    let add = methods.iter().find(|method| method["name"] == "add").unwrap();
    add["params"][0]["schema"].clone()
}

#[test]
fn a_plugin_that_serves_describes_itself_to_everyone() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut client = Connection::open(&calculator.plugin().socket().unwrap()).await;
        client.send("GET / HTTP/1.1\r\nHost: goplug\r\nAccept: text/html\r\n\r\n").await;
        let answer = client.response().await.unwrap();

        assert_eq!(answer.status, 200);
        let descriptor: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(descriptor, printed(env));
        assert_eq!(
            schema_of_a(&descriptor, "methods"),
            json!({"type": "integer", "format": "int64"})
        );
        assert_eq!(descriptor["configuration"]["type"], "Option<Setup>");
        // The connection goes on.
        client.send(request("/add", r#"{"a":2,"b":3}"#)).await;
        assert_eq!(client.response().await.unwrap().body, "5");
    });
}

#[test]
fn an_installed_file_has_the_schemas_and_an_activation_has_none() {
    run_test(async |env| {
        env.install_itself(CALCULATOR);
        let file = fs::read(env.folder().join("math.Calculator.pconf")).unwrap();
        let file: Value = serde_json::from_slice(&file).unwrap();
        let expected = printed(env);
        assert_eq!(file["Methods"], expected["methods"]);
        assert_eq!(file["Callbacks"], expected["callbacks"]);
        assert_eq!(file["ConfigurationType"], expected["configuration"]);
        assert_eq!(file.get("$defs"), expected.get("$defs"));
        assert_ne!(schema_of_a(&file, "Methods"), Value::Null);

        let registry = env.registry().start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;

        let active = calculator.plugin().descriptor().unwrap();
        let text = serde_json::to_string(&*active).unwrap();
        assert!(!text.contains("schema"), "{text}");
    });
}

#[test]
fn a_server_says_what_its_program_says() {
    run_test(async |env| {
        let server = goplug::PluginServer::of::<Calculator>().unwrap().build().unwrap();
        let described = serde_json::to_value(server.described()).unwrap();
        assert_eq!(described, printed(env));
        assert!(server.descriptor().methods.iter().all(|method| method.returns.schema.is_none()));
    });
}
