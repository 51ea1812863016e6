//! The texts of ten differences, as a user reads them: `texts.txt` beside this file.
//!
//! After a change, `UPDATE_TEXTS=1 cargo test -p goplug-runtime --test contract` rewrites the file.

use std::path::Path;
use std::sync::Arc;

use goplug_runtime::contract::compare;
use goplug_runtime::protocol::{
    CallbackDescriptor, Descriptor, MethodDescriptor, Parameter, TypeDescriptor,
};
use schemars::JsonSchema;

use crate::evolution::schema;

/// A contract as it was when the client was built.
mod client {
    types! {
        pub(super) struct Options { dry_run: bool, limit: u64, tags: Vec<String>, note: Option<String> }
        pub(super) struct Line { amount: i64 }
        pub(super) struct Order { id: u64, lines: Vec<Line> }
        pub(super) enum State { Draft, Published }
        pub(super) enum PublishError { NotFound, Busy }
        pub(super) struct Page { url: String, size: u64 }
        pub(super) struct Progress { percent: u8 }
    }
}

/// The same contract in the plugin.
mod plugin {
    types! {
        #[serde(deny_unknown_fields)]
        pub(super) struct Options {
            #[serde(default)]
            simulate: bool,
            limit: f64,
            tags: std::collections::BTreeSet<String>,
            author: String,
        }
        pub(super) struct Lenient { #[serde(default)] simulate: bool, limit: f64, author: String }
        pub(super) struct Line { amount: u32 }
        pub(super) struct Order { id: u64, lines: Vec<Line>, currency: Option<String> }
        pub(super) enum State { Draft, Published, Archived }
        pub(super) enum PublishError { NotFound, Overloaded }
        pub(super) struct Page { url: String, size: f64, title: String }
        pub(super) struct Progress { percent: f32 }
    }
}

/// Collects the schemas of one side.
struct Side {
    descriptor: Descriptor,
    is_client: bool,
}

impl Side {
    fn new(is_client: bool) -> Self {
        Self { descriptor: Descriptor::new("Press", "acme"), is_client }
    }

    fn ty<T: JsonSchema>(&mut self, spelling: &str, client_writes: bool) -> TypeDescriptor {
        let (schema, definitions) = schema::<T>(client_writes == self.is_client);
        Arc::make_mut(&mut self.descriptor.definitions).extend(definitions);
        TypeDescriptor { spelling: spelling.into(), schema: Some(schema) }
    }

    /// `name(param: P) -> Result<R, E>`
    fn method<P: JsonSchema, R: JsonSchema, E: JsonSchema>(&mut self, name: &str, param: &str) {
        let ty = self.ty::<P>("Argument", true);
        let returns = self.ty::<R>("Success", false);
        let error = Some(self.ty::<E>("Failure", false));
        let params = vec![Parameter { name: param.into(), ty, stream: false }];
        let name = name.into();
        let method = MethodDescriptor { name, params, returns, error, ..Default::default() };
        self.descriptor.methods.push(method);
    }

    fn callback<P: JsonSchema>(&mut self, name: &str, param: &str) {
        let ty = self.ty::<P>("Argument", false);
        let params = vec![Parameter { name: param.into(), ty, stream: false }];
        let returns = TypeDescriptor { spelling: "()".into(), schema: None };
        let name = name.into();
        self.descriptor.callbacks.push(CallbackDescriptor {
            name,
            params,
            returns,
            ..Default::default()
        });
    }
}

#[test]
fn the_texts_are_as_recorded() {
    let mut ours = Side::new(true);
    ours.method::<client::Options, (), client::PublishError>("publish", "options");
    ours.method::<client::Options, (), ()>("preview", "options");
    ours.method::<client::Order, client::State, ()>("order", "order");
    ours.method::<(), client::Page, ()>("page", "at");
    ours.method::<(), (), ()>("retract", "id");
    ours.callback::<client::Progress>("progress", "progress");
    let mut theirs = Side::new(false);
    theirs.method::<plugin::Options, (), plugin::PublishError>("publish", "options");
    theirs.method::<plugin::Lenient, (), ()>("preview", "options");
    theirs.method::<plugin::Order, plugin::State, ()>("order", "order");
    theirs.method::<(), plugin::Page, ()>("page", "at");
    theirs.callback::<plugin::Progress>("progress", "progress");

    let comparison = compare(&ours.descriptor, &theirs.descriptor);
    let found = format!("{comparison}\n");
    assert!(comparison.differences().count() >= 10, "{found}");

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/texts.txt");
    if std::env::var_os("UPDATE_TEXTS").is_some_and(|value| !value.is_empty()) {
        std::fs::write(&file, &found).unwrap();
    }
    let recorded = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        found, recorded,
        "UPDATE_TEXTS=1 cargo test -p goplug-runtime --test contract rewrites the file"
    );
}

#[test]
fn a_comparison_is_json_for_programs() {
    let mut ours = Side::new(true);
    ours.method::<i64, (), ()>("add", "by");
    let mut theirs = Side::new(false);
    theirs.method::<u32, (), ()>("add", "by");
    let json = serde_json::to_value(compare(&ours.descriptor, &theirs.descriptor)).unwrap();
    let member = &json["members"][0];
    assert_eq!((&member["kind"], &member["verdict"]), (&"method".into(), &"incompatible".into()));
    let difference = &member["differences"][0];
    assert_eq!(difference["at"], "by");
    assert_eq!((&difference["client"], &difference["plugin"]), (&"i64".into(), &"u32".into()));
}
