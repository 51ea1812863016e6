//! What a plugin and its clients say of the types of their members.

use std::borrow::Cow;
use std::collections::BTreeMap;

use goplug::protocol::{Descriptor, MethodDescriptor};
use goplug_runtime::typed::{Client as _, table};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

mod north {
    use super::*;

    /// The configuration of the north.
    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Config {
        pub(crate) ice: u8,
    }
}

mod south {
    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Config {
        pub(crate) sand: i64,
    }
}

/// A point, as it is written on maps.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    /// The name on the map.
    map_name: String,
    #[serde(rename = "lat")]
    latitude: f64,
    #[serde(default)]
    height: u8,
    #[serde(skip)]
    _seen: bool,
    #[serde(skip_deserializing)]
    looked_up: bool,
    note: Option<String>,
    #[serde(flatten)]
    region: Region,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Region {
    region: String,
}

/// It reads what it writes, but refers to [`Place`], which does not.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Route {
    stops: Vec<Place>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tree {
    value: i64,
    children: Vec<Tree>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) enum External {
    Unit,
    Newtype(u8),
    Tuple(u8, String),
    Struct { a: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
pub(crate) enum Internal {
    Circle { radius: f64 },
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    One(u8),
    None,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Untagged {
    Number(i64),
    Text(String),
}

/// A time as text, with a schema by hand.
#[derive(Serialize, Deserialize)]
pub(crate) struct Instant(String);

impl JsonSchema for Instant {
    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"$schema": "x", "type": "string", "format": "date-time"})
    }
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Lost {
    InFog { since: u32 },
}

type Found<T> = Result<T, Lost>;
type FoundResult = Found<Place>;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opaque;

/// Knows the way.
#[goplug::plugin]
pub(crate) struct Guide;

#[goplug::method(Guide)]
fn two(north: north::Config, south: south::Config) -> (north::Config, south::Config) {
    (north, south)
}

#[goplug::method(Guide)]
fn echo(place: &Place) -> Place {
    place.clone()
}

#[goplug::method(Guide)]
fn plan(route: Route, by: BTreeMap<u8, Instant>) -> Result<Route, Opaque> {
    by.is_empty().then_some(route).ok_or(Opaque)
}

#[goplug::method(Guide)]
fn grow(tree: Tree) -> Result<Tree, Lost> {
    Ok(tree)
}

#[goplug::method(Guide)]
fn find(forms: (External, Internal, Adjacent, Untagged)) -> FoundResult {
    let _ = forms;
    Err(Lost::InFog { since: 1 })
}

#[goplug::method(Guide)]
fn copy(bytes: goplug::Bytes) -> anyhow::Result<Vec<u8>> {
    Ok(bytes.into())
}

#[goplug::method(Guide)]
fn hide(opaque: Opaque, list: Vec<Opaque>) {
    let _ = (opaque, list);
}

#[goplug::callback(Guide)]
async fn ask(place: &Place) -> goplug::Result<Place>;

#[goplug::callback(Guide)]
async fn tell(at: Instant) -> goplug::Result<()>;

#[goplug::activate(Guide)]
fn start(config: Option<north::Config>) {
    let _ = config;
}

/// Fails when somebody asks for its schema.
#[derive(Serialize, Deserialize)]
pub(crate) struct Broken;

impl JsonSchema for Broken {
    fn schema_name() -> Cow<'static, str> {
        "Broken".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        panic!("no schema")
    }
}

#[goplug::plugin]
pub(crate) struct Careless;

#[goplug::method(Careless)]
fn take(broken: Broken, number: u8) {
    let _ = (broken, number);
}

fn plugin() -> Descriptor {
    table::<Guide>().unwrap().described::<Guide>()
}

fn client() -> Descriptor {
    GuideClient::<crate::double::InProcess<Guide>>::expectation().described()
}

fn method<'d>(descriptor: &'d Descriptor, name: &str) -> &'d MethodDescriptor {
    descriptor.methods.iter().find(|method| method.name == name).unwrap()
}

fn param<'d>(descriptor: &'d Descriptor, of: &str, index: usize) -> &'d Value {
    method(descriptor, of).params[index].ty.schema.as_ref().unwrap()
}

fn result<'d>(descriptor: &'d Descriptor, of: &str) -> &'d Value {
    method(descriptor, of).returns.schema.as_ref().unwrap()
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

#[test]
fn types_of_one_name_have_definitions_of_their_own() {
    let descriptor = plugin();
    assert_eq!(*param(&descriptor, "two", 0), reference("Config"));
    assert_eq!(*param(&descriptor, "two", 1), reference("Config2"));
    assert_eq!(
        result(&descriptor, "two")["prefixItems"],
        json!([reference("Config"), reference("Config2")])
    );
    let (north, south) = (&descriptor.definitions["Config"], &descriptor.definitions["Config2"]);
    assert_eq!(north["description"], "The configuration of the north.");
    assert_eq!(
        north["properties"]["ice"],
        json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255})
    );
    assert_eq!(south["properties"]["sand"], json!({"type": "integer", "format": "int64"}));
}

#[test]
fn what_a_type_reads_and_what_it_writes_differ_where_serde_says_so() {
    let descriptor = plugin();
    assert_eq!(*param(&descriptor, "echo", 0), reference("Place"));
    assert_eq!(*result(&descriptor, "echo"), reference("Place.written"));
    let (read, written) =
        (&descriptor.definitions["Place"], &descriptor.definitions["Place.written"]);
    let keys = |schema: &Value| -> Vec<String> {
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(read), ["height", "lat", "mapName", "note", "region"]);
    assert_eq!(keys(written), ["height", "lat", "lookedUp", "mapName", "note", "region"]);
    assert_eq!(read["required"], json!(["mapName", "lat", "region"]));
    assert_eq!(read["properties"]["height"]["default"], 0);
    assert_eq!(read["properties"]["mapName"]["description"], "The name on the map.");
    assert_eq!(read["description"], "A point, as it is written on maps.");
    for required in ["mapName", "lat", "height", "lookedUp"] {
        assert!(written["required"].as_array().unwrap().contains(&required.into()), "{written}");
    }
}

#[test]
fn a_type_differs_if_one_that_it_uses_does() {
    let descriptor = plugin();
    assert_eq!(*param(&descriptor, "plan", 0), reference("Route"));
    assert_eq!(*result(&descriptor, "plan"), reference("Route.written"));
    let items = |name: &str| &descriptor.definitions[name]["properties"]["stops"]["items"];
    assert_eq!(*items("Route"), reference("Place"));
    assert_eq!(*items("Route.written"), reference("Place.written"));
}

#[test]
fn a_type_may_refer_to_itself() {
    let descriptor = plugin();
    assert_eq!(*param(&descriptor, "grow", 0), reference("Tree"));
    assert_eq!(*result(&descriptor, "grow"), reference("Tree"));
    let tree = &descriptor.definitions["Tree"];
    assert_eq!(tree["properties"]["children"]["items"], reference("Tree"));
    assert_eq!(tree["additionalProperties"], false);
    assert!(!descriptor.definitions.contains_key("Tree.written"));
}

#[test]
fn all_forms_of_enums_are_described() {
    let descriptor = plugin();
    let forms = &param(&descriptor, "find", 0)["prefixItems"];
    let names = ["External", "Internal", "Adjacent", "Untagged"];
    assert_eq!(*forms, json!(names.map(reference)));
    let [external, internal, adjacent, untagged] = names.map(|name| &descriptor.definitions[name]);
    let tuple = &external["oneOf"][2]["properties"]["Tuple"];
    assert_eq!((&tuple["minItems"], &tuple["maxItems"]), (&json!(2), &json!(2)));
    assert_eq!(internal["oneOf"][0]["properties"]["kind"]["const"], "Circle");
    assert_eq!(adjacent["oneOf"][0]["required"], json!(["t", "c"]));
    assert_eq!(
        untagged["anyOf"],
        json!([{"type": "integer", "format": "int64"}, {"type": "string"}])
    );
}

#[test]
fn a_schema_by_hand_is_kept_without_its_dialect() {
    let descriptor = plugin();
    assert_eq!(descriptor.definitions["Instant"], json!({"type": "string", "format": "date-time"}));
    let callbacks = &descriptor.callbacks;
    assert_eq!(callbacks[1].params[0].ty.schema, Some(reference("Instant")));
    assert_eq!(callbacks[1].returns.schema, None);
}

#[test]
fn errors_are_described_under_every_spelling() {
    let descriptor = plugin();
    let error = |name: &str| method(&descriptor, name).error.clone();
    let typed = error("grow").unwrap();
    assert_eq!((typed.spelling.as_str(), typed.schema), ("Lost", Some(reference("Lost"))));
    assert_eq!(error("find"), error("grow"));
    let opaque = error("plan").unwrap();
    assert_eq!((opaque.spelling.as_str(), opaque.schema), ("Opaque", None));
    assert_eq!(error("copy"), None);
    assert_eq!(error("echo"), None);
    assert_eq!(*result(&descriptor, "find"), reference("Place.written"));
}

#[test]
fn bytes_and_types_without_a_schema_are_opaque() {
    let descriptor = plugin();
    let copy = method(&descriptor, "copy");
    assert_eq!((&copy.params[0].ty.schema, &copy.returns.schema), (&None, &None));
    let hide = method(&descriptor, "hide");
    assert!(hide.params.iter().all(|param| param.ty.schema.is_none()));
    assert_eq!(hide.returns.schema, Some(json!({"type": "null"})));
}

#[test]
fn the_configuration_is_described() {
    let configuration = plugin().configuration.unwrap();
    assert_eq!(configuration.spelling, "Option<Config>");
    assert_eq!(
        configuration.schema,
        Some(json!({"anyOf": [reference("Config"), {"type": "null"}]}))
    );
}

#[test]
fn a_client_writes_what_its_plugin_reads() {
    let (plugin, client) = (plugin(), client());
    assert_eq!(*param(&client, "echo", 0), reference("Place.written"));
    assert_eq!(*result(&client, "echo"), reference("Place"));
    for name in ["Place", "Place.written", "Route", "Route.written", "Tree", "Lost"] {
        assert_eq!(client.definitions[name], plugin.definitions[name], "{name}");
    }
    let ask = |descriptor: &Descriptor| {
        let ask = &descriptor.callbacks[0];
        (ask.params[0].ty.schema.clone().unwrap(), ask.returns.schema.clone().unwrap())
    };
    assert_eq!(ask(&plugin), (reference("Place.written"), reference("Place")));
    assert_eq!(ask(&client), (reference("Place"), reference("Place.written")));
    assert_eq!(client.configuration, None);
    let prints = |descriptor: &Descriptor| -> Vec<String> {
        descriptor.methods.iter().map(|method| method.fingerprint.clone()).collect()
    };
    assert_eq!(prints(&client), prints(&plugin));
}

#[test]
fn every_reference_leads_to_a_definition_and_every_definition_is_used() {
    for descriptor in [plugin(), client()] {
        let text = serde_json::to_string(&descriptor).unwrap();
        for name in descriptor.definitions.keys() {
            assert!(text.contains(&format!("\"#/$defs/{name}\"")), "{name} is not used");
        }
        for used in text.split("\"#/$defs/").skip(1) {
            let name = used.split('"').next().unwrap();
            assert!(descriptor.definitions.contains_key(name), "{name} is not defined");
        }
    }
}

#[test]
fn a_descriptor_for_an_activation_has_no_schemas() {
    let descriptor = table::<Guide>().unwrap().descriptor::<Guide>();
    let text = serde_json::to_string(&descriptor).unwrap();
    assert!(!text.contains("schema") && !text.contains("$defs"), "{text}");
}

#[test]
fn a_schema_that_panics_leaves_the_spellings() {
    let descriptor = table::<Careless>().unwrap().described::<Careless>();
    let params = &descriptor.methods[0].params;
    assert_eq!(params[0].ty.spelling, "Broken");
    assert!(params.iter().all(|param| param.ty.schema.is_none()));
    assert!(descriptor.definitions.is_empty());
}
