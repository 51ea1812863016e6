//! Contracts that are kept in files of this package.

use goplug::testing::contract_is_kept;
use goplug_tests::fixtures::greeter::GreeterClient;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A lamp.
#[goplug::plugin(namespace = "house", version = "1.0.0")]
pub(crate) struct Lamp;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Wiring {
    volts: u16,
    dimmer: Option<bool>,
}

#[goplug::activate(Lamp)]
fn connect(wiring: Wiring) -> Result<(), String> {
    match wiring {
        Wiring { volts: 230, .. } | Wiring { dimmer: None, .. } => Ok(()),
        Wiring { volts, .. } => Err(format!("a dimmer at {volts} V")),
    }
}

/// Sets how bright it is.
#[goplug::method(Lamp)]
fn dim(percent: u8) -> u8 {
    percent.min(100)
}

#[test]
fn the_contract_of_a_trait_is_kept() {
    contract_is_kept!(GreeterClient, "contracts/greeter.json");
}

#[test]
fn a_plugin_is_kept_with_its_configuration() {
    contract_is_kept!(Lamp, "contracts/lamp.json");
}

#[test]
fn the_client_of_a_plugin_has_no_configuration_to_keep() {
    use goplug::__private::{Kept, KeptClient as _};
    let (plugin, client) = (Kept::<Lamp>::descriptor(), Kept::<LampClient>::descriptor());
    assert!(plugin.configuration.is_some() && plugin.version.is_none());
    assert_eq!((&client.configuration, &client.name), (&None, &plugin.name));
    assert_eq!(client.methods, plugin.methods);
}
