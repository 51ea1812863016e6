//! What those who run the gateway ask it: whether it is well, and what its plugins do.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use goplug::{Plugin, State as PluginState};
use serde::Serialize;

use crate::state::Gateway;

/// Whether the gateway can be sent requests.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    /// The plugins, each with its state.
    plugins: BTreeMap<String, String>,
    /// The files of the folder that cannot be used, each with the reason.
    rejected: BTreeMap<String, String>,
}

/// 200 if all plugins run; 503 if one does not, or if the gateway is about to stop.
pub(crate) async fn health(State(gateway): State<Gateway>) -> (StatusCode, Json<Health>) {
    let plugins = plugins(&gateway);
    let are_loaded = plugins.iter().all(|plugin| plugin.state() == PluginState::Loaded);
    let (code, status) = match (gateway.stop.is_requested(), are_loaded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "incomplete"),
        (false, true) => (StatusCode::OK, "ok"),
    };
    let states = plugins.iter().map(|it| (it.id().to_string(), format!("{:?}", it.state())));
    let rejected = gateway.registry.rejected().into_iter();
    let rejected = rejected.map(|file| (file.path.display().to_string(), file.reason));
    (code, Json(Health { status, plugins: states.collect(), rejected: rejected.collect() }))
}

/// The statistics of one plugin.
#[derive(Serialize)]
pub(crate) struct Statistics {
    calls: u64,
    errors: u64,
    cancelled: u64,
    in_flight: usize,
    restarts: u64,
    /// The latency that 99 % of the calls did not exceed, in microseconds.
    latency_99_us: Option<u128>,
    resident_memory: Option<u64>,
}

/// The statistics of all plugins.
pub(crate) async fn statistics(
    State(gateway): State<Gateway>,
) -> Json<BTreeMap<String, Statistics>> {
    let of = |plugin: &Plugin| {
        let stats = plugin.stats();
        Statistics {
            calls: stats.calls,
            errors: stats.errors,
            cancelled: stats.cancelled,
            in_flight: stats.in_flight,
            restarts: stats.restarts,
            latency_99_us: stats.latency.quantile(0.99).map(|latency| latency.as_micros()),
            resident_memory: stats.resident_memory,
        }
    };
    Json(plugins(&gateway).iter().map(|plugin| (plugin.id().to_string(), of(plugin))).collect())
}

/// All plugins of the folder.
fn plugins(gateway: &Gateway) -> Vec<Plugin> {
    let found = gateway.registry.discovered().into_iter();
    found.filter_map(|it| gateway.registry.get(it.name(), it.namespace())).collect()
}
