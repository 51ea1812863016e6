//! A plugin that the host asks while it answers another one.

use crate::recorded::{self, Recorded};

/// The plugin.
#[goplug::plugin(namespace = "traces")]
#[derive(Debug, Default)]
pub struct Store;

/// The value of a key.
#[goplug::method(Store)]
pub fn get(key: &str) -> String {
    format!("the value of {key}")
}

/// Fails, by a panic or by an error.
#[goplug::method(Store)]
pub async fn fail(by_panic: bool) -> Result<(), String> {
    assert!(!by_panic, "the disk broke");
    tokio::task::yield_now().await;
    Err("no such key".to_owned())
}

/// The spans of this process.
#[goplug::method(Store)]
pub fn spans() -> Vec<Recorded> {
    recorded::spans()
}
