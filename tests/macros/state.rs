//! A plugin with state, from an impl; a free function adds to it, and so does a
//! second impl.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use goplug::PluginType;

use crate::double::{InProcess, activator};

#[derive(Default)]
struct Counter {
    value: AtomicU64,
    log: Mutex<Vec<String>>,
}

/// Counts.
#[goplug::plugin(namespace = "demo", lazy_load, url = "unix://counter")]
impl Counter {
    const STEP: u64 = 1;

    /// Counts on.
    #[goplug::method]
    pub(crate) async fn increment(&self, by: Option<u64>) -> goplug::Result<u64> {
        let by = by.unwrap_or(Self::STEP);
        let now = self.add(by);
        self.changed(now).await?;
        Ok(now)
    }

    #[goplug::method(name = "value.get", idempotent)]
    fn value(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }

    #[goplug::method]
    fn limit() -> u64 {
        u64::MAX
    }

    /// The value has changed.
    #[goplug::callback]
    async fn changed(&self, value: u64) -> goplug::Result<()>;

    #[goplug::activate]
    async fn start(&self) -> anyhow::Result<()> {
        self.log.lock().unwrap().push("started".to_owned());
        Ok(())
    }

    #[goplug::stop]
    fn halt(&self) {
        self.log.lock().unwrap().push("stopped".to_owned());
    }

    fn add(&self, by: u64) -> u64 {
        self.value.fetch_add(by, Ordering::Relaxed) + by
    }
}

#[goplug::method(Counter)]
fn log(counter: &Counter) -> Vec<String> {
    counter.log.lock().unwrap().clone()
}

#[goplug::plugin(Counter)]
impl Counter {
    #[goplug::method(blocking)]
    fn reset(&self, to: &u64) -> Result<u64, String> {
        Ok(self.value.swap(*to, Ordering::Relaxed))
    }
}

type Client = CounterClient<InProcess<Counter>>;

#[test]
fn an_impl_is_a_plugin_with_what_its_attribute_says() {
    assert_eq!((Counter::NAME, Counter::NAMESPACE), ("Counter", "demo"));
    assert_eq!(Counter::URL, Some("unix://counter"));
    assert_eq!(Counter::VERSION, env!("CARGO_PKG_VERSION"));
    const { assert!(Counter::LAZY_LOAD) };
}

#[tokio::test]
async fn all_calls_share_the_plugins_value() {
    let client: Client = InProcess::start().client();
    let mut changes = client.changed_stream().await.unwrap();
    assert_eq!(client.increment(Some(2)).await.unwrap(), 2);
    assert_eq!(client.increment(None).await.unwrap(), 3);
    assert_eq!(client.value().await.unwrap(), 3);
    assert_eq!((changes.next().await, changes.next().await), (Some(2), Some(3)));
}

#[tokio::test]
async fn a_method_without_self_is_a_method() {
    let client: Client = InProcess::start().client();
    assert_eq!(client.limit().await.unwrap(), u64::MAX);
}

#[tokio::test]
async fn a_function_and_a_second_impl_add_to_the_plugin() {
    let plugin = InProcess::<Counter>::start();
    let client: Client = plugin.client();
    activator(plugin.table())(plugin.value(), <_>::default()).await.unwrap();
    plugin.table().stop.unwrap()(plugin.value()).await.unwrap();
    assert_eq!(client.log().await.unwrap(), ["started", "stopped"]);
    client.reset(&9).await.unwrap();
    assert_eq!(client.value().await.unwrap(), 9);
}
