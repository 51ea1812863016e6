//! A plugin answers with its OpenAPI document, which knows the types.

use goplug::{Plugin, Registry};
use serde_json::{Value, json};

use crate::http::Connection;
use crate::test_env::{TestEnv, program, run_test};

const DESCRIBED: &str = program!("fixture-described");

async fn load(env: &TestEnv) -> (Registry, Plugin) {
    let keys =
        json!({"Name": "Described", "NameSpace": "tests", "Protocol": 2, "Exec": [DESCRIBED]});
    env.put_pconf("tests.Described.pconf", &keys);
    let registry = env.registry().start().await.unwrap();
    let plugin = registry.load("Described", "tests").await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

/// What `reference` of a document leads to.
fn resolve<'d>(document: &'d Value, reference: &Value) -> &'d Value {
    let pointer = reference["$ref"].as_str().and_then(|to| to.strip_prefix('#'));
    document.pointer(pointer.unwrap()).unwrap()
}

#[test]
fn a_plugin_answers_with_a_document_of_its_types() {
    run_test(async |env| {
        let (_registry, plugin) = load(env).await;
        let mut client = Connection::open(&plugin.socket().unwrap()).await;
        client.send("GET /openapi.json HTTP/1.1\r\nHost: goplug\r\n\r\n").await;
        let response = client.response().await.unwrap();
        assert_eq!(response.status, 200, "{}", response.body);
        let document: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(document["info"]["title"], "tests.Described");

        let record = &document["paths"]["/record"]["post"];
        let arguments = &record["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(arguments["required"], json!(["record"]));
        let read = resolve(&document, &arguments["properties"]["record"]);
        assert_eq!(read["properties"]["smallNumber"]["maximum"], 255);
        let failure = &record["responses"]["422"]["content"]["application/problem+json"];
        let error = &failure["schema"]["allOf"][1]["properties"]["error"];
        assert!(resolve(&document, error).to_string().contains("TooMany"));

        let activate = &document["paths"]["/Activate"]["post"]["requestBody"];
        assert!(activate.to_string().contains("Setup"), "{activate}");
        let odd = &document["paths"]["/all%20optional%3A%20%C3%A4%7Bid%7D"]["post"];
        assert_eq!(odd["requestBody"]["required"], false);
        let opaque = &document["paths"]["/opaque"]["post"]["requestBody"];
        assert!(opaque.to_string().contains("`Opaque`"), "{opaque}");
    });
}
