//! The ledger: a service of the gateway that its plugins call.

use std::sync::atomic::{AtomicU64, Ordering};

use gateway::Ledger;

/// Numbers the files of all plugins, also across their upgrades and restarts.
#[derive(Default)]
pub(crate) struct Book {
    last: AtomicU64,
}

#[goplug::plugin(namespace = "gateway")]
impl Ledger for Book {
    async fn enter(&self, request: &str, name: &str) -> u64 {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::info!(request, number, "{name} is entered");
        number
    }
}
