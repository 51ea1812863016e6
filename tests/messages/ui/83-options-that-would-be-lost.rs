//! JSON has one `null`.

use std::collections::HashMap;

#[goplug::plugin]
struct Settings;

#[goplug::method(Settings)]
fn change(name: Option<Option<String>>) {
    drop(name);
}

#[goplug::method(Settings)]
fn find(names: &[String]) -> Result<HashMap<String, Option<()>>, String> {
    Err(names.concat())
}

#[goplug::callback(Settings)]
async fn changed(name: String, by: Option<Option<u8>>) -> goplug::Result<Option<()>>;

fn main() {}
