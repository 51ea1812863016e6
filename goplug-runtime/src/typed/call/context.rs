//! How a callback without a body finds its plugin.
//!
//! The server runs every handler within a scope that names its plugin, and a callback takes that
//! plugin. A callback outside of every scope, for example in a spawned task, takes the only plugin
//! of its type that runs in this process. If several run, it fails: two plugins of one type are
//! never confused.

use std::any::TypeId;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::notifier::Notifier;

/// Which plugin the current task works for.
#[derive(Clone)]
pub struct Context {
    plugin: TypeId,
    notifier: Arc<dyn Notifier>,
}

impl Context {
    /// The context of a plugin of this type, whose callbacks go through `notifier`.
    pub fn new(plugin: TypeId, notifier: Arc<dyn Notifier>) -> Self {
        Self { plugin, notifier }
    }

    /// Runs a handler as part of this plugin.
    pub async fn scope<F: Future>(self, handler: F) -> F::Output {
        CURRENT.scope(self, handler).await
    }

    /// Runs the beginning of a handler as part of this plugin.
    pub fn scope_now<R>(&self, handler: impl FnOnce() -> R) -> R {
        CURRENT.sync_scope(self.clone(), handler)
    }

    /// Registers this plugin for callbacks outside of every scope, for as long as the notifier
    /// lives.
    pub fn announce(&self) {
        let mut process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
        process.retain(|(_, notifier)| notifier.strong_count() > 0);
        process.push((self.plugin, Arc::downgrade(&self.notifier)));
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

tokio::task_local! {
    pub(super) static CURRENT: Context;
}

static PROCESS: Mutex<Vec<(TypeId, Weak<dyn Notifier>)>> = Mutex::new(Vec::new());

/// Calls `act` with the notifier of a plugin type: that of the current call, or else the only
/// one in the process.
///
/// # Errors
/// The reason why no plugin was found, as the end of a message.
pub(in crate::typed) fn with_notifier<T>(
    plugin: TypeId,
    act: impl Fn(&Arc<dyn Notifier>) -> T,
) -> Result<T, &'static str> {
    let within = |context: &Context| (context.plugin == plugin).then(|| act(&context.notifier));
    match CURRENT.try_with(within) {
        Ok(Some(done)) => Ok(done),
        _ => of_process(plugin).map(|notifier| act(&notifier)),
    }
}

/// Finds the notifier of a plugin type that runs once in this process.
fn of_process(plugin: TypeId) -> Result<Arc<dyn Notifier>, &'static str> {
    let process = PROCESS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut running = process
        .iter()
        .filter(|(running, _)| *running == plugin)
        .filter_map(|(_, notifier)| notifier.upgrade());
    match (running.next(), running.next()) {
        (Some(notifier), None) => Ok(notifier),
        (None, _) => Err("it is not running in this process"),
        (Some(_), Some(_)) => Err("several of its type run in this process, and this is not \
                                   within a call to one of them"),
    }
}
