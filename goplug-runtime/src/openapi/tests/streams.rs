//! Methods with streams.

use serde_json::json;

use super::{data_of, of_method};

#[test]
fn a_streamed_result_is_a_stream_of_items() {
    let returns = json!({"type": "Line", "schema": {"type": "object"}});
    let document = of_method(&json!({"name": "m", "stream": true, "returns": returns}));
    let content = &document["paths"]["/m"]["post"]["responses"]["200"]["content"];
    assert_eq!(data_of(content, "item")["contentSchema"], json!({"type": "object"}));
    assert_eq!(data_of(content, "end")["contentSchema"], json!({"type": "null"}));
    let error = &data_of(content, "error")["contentSchema"];
    assert_eq!(error["$ref"], "#/components/schemas/Problem");
}

#[test]
fn a_streamed_result_of_bytes_is_these_bytes() {
    let returns = json!({"type": "Result<Bytes, String>"});
    let document = of_method(&json!({"name": "m", "stream": true, "returns": returns}));
    let content = &document["paths"]["/m"]["post"]["responses"]["200"]["content"];
    assert_eq!(content, &json!({"application/octet-stream": {}}));
}

#[test]
fn a_streamed_argument_is_a_stream_of_items_behind_the_other_arguments() {
    let items = json!({"name": "l", "type": "Line", "schema": {"type": "object"}, "stream": true});
    let document = of_method(&json!({"name": "m", "params": [{"name": "n", "type": "u8"}, items]}));
    let content = &document["paths"]["/m"]["post"]["requestBody"]["content"];
    let arguments = &data_of(content, "arguments")["contentSchema"];
    assert_eq!(arguments["required"], json!(["n"]));
    assert_eq!(data_of(content, "item")["contentSchema"], json!({"type": "object"}));
    assert_eq!(data_of(content, "end")["contentSchema"], json!({"type": "null"}));
}

#[test]
fn a_streamed_argument_of_bytes_is_these_bytes_and_the_others_are_a_header() {
    let bytes = json!({"name": "b", "type": "Bytes", "stream": true});
    let document = of_method(&json!({"name": "m", "params": [{"name": "n", "type": "u8"}, bytes]}));
    let operation = &document["paths"]["/m"]["post"];
    let content = &operation["requestBody"]["content"];
    assert_eq!(content, &json!({"application/octet-stream": {}}));
    let header = &operation["parameters"][1];
    assert_eq!(header["name"], "Goplug-Arguments");
    assert_eq!(header["content"]["application/json"]["schema"]["required"], json!(["n"]));
}
