//! Types of all kinds, as they are on the wire.

use foreign_host::goplug_::{
    Ab, Ab2, Adjacent, Array33, Both, Defaults, Empty, GoplugClient, HasNulls, Internal, Item,
    Loose, Maybe, Names, Number, Odd, Options, Tree,
};
use goplug::{Bytes, CallRequest, CallbackHandler, Caller, Result, Subscription};
use serde_json::{Value, json};

/// Returns what it gets as the value of a call.
#[derive(Clone)]
struct Echo;

impl Caller for Echo {
    async fn call(&self, request: CallRequest<'_>) -> Result<Bytes> {
        let sent: Value = serde_json::from_slice(&request.body).unwrap();
        Ok(sent["value"].to_string().into())
    }

    async fn subscribe(&self, _: &'static str, _: CallbackHandler) -> Result<Subscription> {
        Ok(Subscription::new(|| {}))
    }
}

/// The value after it was read and written.
macro_rules! written {
    ($ty:ty, $value:expr) => {{
        let value: $ty = serde_json::from_value($value).unwrap();
        assert_eq!(value, value.clone());
        serde_json::to_value(value).unwrap()
    }};
}

/// Asserts that the value is a value of the type, and is written as it was read.
macro_rules! same {
    ($($ty:ident: $value:tt;)+) => {$({
        let value = json!($value);
        assert_eq!(written!($ty, value.clone()), value, stringify!($ty));
    })+};
}

#[test]
fn names_are_those_on_the_wire() {
    same! {
        Names: {"a-b": "1", "a_b": "2", "extra": "3", "type": "4", "type_": "5", "self": "6",
                "gen": "7", "😀": "8", "": "9", "2fa": "10", "dryRun": "11", "further": "12"};
        Odd: ""; Odd: "-"; Odd: "self"; Odd: "Self"; Odd: "😀"; Odd: "a b"; Odd: "1"; Odd: "é";
        Internal: {"t": "a-b", "x": 1}; Internal: {"t": "a_b", "y": {"z": 1}};
        Ab: {"x": 1}; Ab2: {"x": "1"};
    }
    for text in ["", "-", "self", "Self", "😀", "a b", "1", "é"] {
        assert_eq!(text.parse::<Odd>().unwrap().to_string(), text);
    }
    assert!(serde_json::from_value::<Odd>(json!("X")).is_err());
    let names: Names = serde_json::from_value(json!({"a-b": "1", "a_b": "2"})).unwrap();
    assert_eq!((names.a_b2.as_str(), names.a_b.as_str()), ("1", "2"));
}

#[test]
fn values_are_what_the_schema_lists() {
    same! {
        Number: 2; Maybe: "a"; Maybe: null; Empty: {}; Empty: {"any": [1]}; Array33: (vec![7; 33]);
        HasNulls: {"a": null, "b": null, "c": null, "f": null};
        HasNulls: {"a": {"x": 1}, "b": "x", "c": 1, "d": "x", "e": [1], "f": null};
        Both: {"a": 1, "b": {}}; Loose: {"x": 1}; Loose: "x";
        Adjacent: {"t": "Limit", "c": {"n": 3}}; Adjacent: {"t": "Text", "c": "x"};
        Adjacent: {"t": "None"};
        Tree: {"name": "a", "left": {"name": "b"}, "all": [{"name": "c"}]};
    }
    assert!(Number::try_from(4).is_err());
    assert!(serde_json::from_value::<Number>(json!(4)).is_err());
    let limit = Adjacent::Limit { n: 3 };
    assert_eq!(serde_json::to_value(limit).unwrap(), json!({"t": "Limit", "c": {"n": 3}}));
    let expected = json!({
        "a": {"x": 1}, "b": [1, {"y": null}], "c": 5, "d": 5, "e": true, "f": "x", "g": [1, 2],
        "h": "a b",
    });
    assert_eq!(written!(Defaults, json!({})), expected);
    assert_eq!(serde_json::to_value(Defaults::default()).unwrap(), expected);
}

#[test]
fn what_is_written_has_every_field() {
    let all = json!({"name": "tea", "note": null, "of": null, "pages": 3, "tags": []});
    assert_eq!(written!(Item, json!({"name": "tea"})), all);
    let options = Options { pages: 4, ..Options::default() };
    assert_eq!(serde_json::to_value(options).unwrap(), json!({"note": null, "pages": 4}));
}

#[tokio::test]
async fn a_value_that_was_got_is_handed_back() {
    let client = GoplugClient::new(Echo).unwrap();
    let first: Item = serde_json::from_value(json!({"name": "tea"})).unwrap();
    let mut item = client.echo_item(&first).await.unwrap();
    item.note = Some("green".into());
    let item = client.echo_item(&item).await.unwrap();
    assert_eq!((item.name.as_str(), item.note.as_deref()), ("tea", Some("green")));

    let tree = Tree { name: "a".into(), left: None, all: Vec::new() };
    let tree = Tree { name: "b".into(), left: Some(tree.into()), all: Vec::new() };
    assert_eq!(client.echo_tree_or_none(Some(tree.clone())).await.unwrap(), Some(tree));
    assert_eq!(client.echo_tree_or_none(None).await.unwrap(), None);
    let long = client.echo_long(&vec![7; 33].into()).await.unwrap();
    assert_eq!(*long, [7; 33]);
    let number = Number::try_from(2).unwrap();
    assert_eq!(*client.echo_number(&number).await.unwrap(), 2);
}
