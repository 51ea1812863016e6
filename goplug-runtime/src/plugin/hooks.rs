//! The plugin's own code at activation and at the stop.

use std::sync::Arc;

use super::value::Value;
use crate::typed::{Activation, Configuration, HookFuture, HookOutcome, Stopper};

type Activate = Arc<dyn Fn(Configuration) -> HookFuture + Send + Sync>;
type Stop = Arc<dyn Fn() -> HookFuture + Send + Sync>;

/// A plugin's two hooks. Both are optional.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    pub(super) activate: Option<Activate>,
    pub(super) stop: Option<Stop>,
}

/// Ends the value of a plugin when it is dropped, also by a stop hook that panics or takes too long.
struct Cleanup(Value);

impl Drop for Cleanup {
    fn drop(&mut self) {
        self.0.replace(None);
    }
}

impl Hooks {
    /// The hooks of an annotated plugin with this value.
    pub(super) fn of(activate: Option<Activation>, stop: Option<Stopper>, value: &Value) -> Self {
        let mut hooks = Self::default();
        match (activate, value.clone()) {
            (Some(Activation::Run(hook)), Value::Fixed(value)) => {
                hooks.activate = Some(Arc::new(move |with| hook(value.clone(), with)));
            }
            (Some(Activation::Build(hook)), value) => {
                hooks.activate = Some(Arc::new(move |with| {
                    let (building, value) = (hook(with), value.clone());
                    Box::pin(async move {
                        value.replace(Some(building.await?));
                        Ok(())
                    })
                }));
            }
            _ => {}
        }
        match (stop, value.clone()) {
            (Some(hook), Value::Fixed(value)) => {
                hooks.stop = Some(Arc::new(move || hook(value.clone())));
            }
            // What an activation has built ends with the stop, with a hook or without.
            (hook, value @ Value::Built(_)) => {
                hooks.stop = Some(Arc::new(move || {
                    let stopping = hook.zip(value.current()).map(|(hook, value)| hook(value));
                    let cleanup = Cleanup(value.clone());
                    Box::pin(async move {
                        let _cleanup = cleanup;
                        match stopping {
                            Some(stopping) => stopping.await,
                            None => Ok(()),
                        }
                    })
                }));
            }
            (None, Value::Fixed(_)) => {}
        }
        hooks
    }

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
