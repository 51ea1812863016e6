//! What the host's program has written runs without a lock of goplug's.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use goplug::Plugin;
use goplug_tests::fixtures::store::first;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::test_env::{STORE, run_test};

/// The plugin to which a client is bound while the schema of [`Order`] is made.
static BOUND_MEANWHILE: Mutex<Option<Plugin>> = Mutex::new(None);

/// What the plugin reads, with a schema by hand.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    item: String,
}

impl JsonSchema for Order {
    fn schema_name() -> Cow<'static, str> {
        "Order".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let plugin = BOUND_MEANWHILE.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(plugin) = plugin {
            drop(plugin.client::<StoreClient>().unwrap());
            drop(plugin.client::<first::StoreClient>().unwrap());
        }
        first::Order::json_schema(generator)
    }
}

#[goplug::plugin(namespace = "acme")]
pub(crate) struct Store;

#[goplug::method(Store)]
pub(crate) fn sell(order: Order) -> String {
    order.item
}

#[test]
fn a_client_may_be_bound_while_the_schema_of_another_is_made() {
    run_test(async |env| {
        let keys = json!({
            "Name": "Store", "NameSpace": "acme", "Protocol": 2, "Exec": [STORE], "LazyLoad": true,
        });
        env.put_pconf("acme.Store.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.get("Store", "acme").unwrap();
        let store: StoreClient = plugin.client().unwrap();
        *BOUND_MEANWHILE.lock().unwrap() = Some(plugin);
        // The plugin that is loaded is compared with what its clients need.
        registry.load("Store", "acme").await.unwrap();
        let sold = store.sell(Order { item: "tea".into() }).await.unwrap();
        env.note_socket(&registry);
        assert_eq!(sold, "tea, dry: false");
        assert!(BOUND_MEANWHILE.lock().unwrap().is_none());
    });
}
