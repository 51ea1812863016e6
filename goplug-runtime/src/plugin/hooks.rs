//! The plugin's own code at activation and at the stop.

use std::sync::Arc;

use crate::typed::{Configuration, HookFuture, HookOutcome};

type Activate = Arc<dyn Fn(Configuration) -> HookFuture + Send + Sync>;
type Stop = Arc<dyn Fn() -> HookFuture + Send + Sync>;

/// A plugin's two hooks. Both are optional.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) activate: Option<Activate>,
    pub(super) stop: Option<Stop>,
}

impl Hooks {
    pub(super) fn on_activate<F, R>(
        &mut self,
        hook: impl Fn(Configuration) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = R> + Send + 'static,
        R: HookOutcome,
    {
        self.activate = Some(Arc::new(move |configuration| {
            let running = hook(configuration);
            Box::pin(async move { running.await.into_result() })
        }));
    }

    pub(super) fn on_stop<F, R>(&mut self, hook: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = R> + Send + 'static,
        R: HookOutcome,
    {
        self.stop = Some(Arc::new(move || {
            let running = hook();
            Box::pin(async move { running.await.into_result() })
        }));
    }

    /// Runs the activation hook. None of its code runs before the first poll.
    pub(super) async fn run_activate(&self, configuration: Configuration) -> anyhow::Result<()> {
        match &self.activate {
            Some(hook) => hook(configuration).await,
            None => Ok(()),
        }
    }

    /// Runs the stop hook. None of its code runs before the first poll.
    pub(super) async fn run_stop(&self) -> anyhow::Result<()> {
        match &self.stop {
            Some(hook) => hook().await,
            None => Ok(()),
        }
    }
}
