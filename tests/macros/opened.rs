//! Activations that build the value of their plugin.

use std::fmt;
use std::marker::PhantomData;

use goplug::{CallError, PluginType as _};
use serde::Deserialize;

use crate::double::InProcess;

#[derive(Deserialize)]
struct Limits {
    most: u64,
}

/// It can only be shown, and leaves its thread neither.
struct Shown(PhantomData<*const ()>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no limits")
    }
}

#[goplug::plugin]
struct Limited {
    most: u64,
}

#[goplug::activate(Limited)]
fn open(limits: &Limits) -> Result<Limited, Shown> {
    if limits.most == 0 { Err(Shown(PhantomData)) } else { Ok(Limited { most: limits.most }) }
}

#[goplug::method(Limited)]
fn most(limited: &Limited) -> u64 {
    limited.most
}

#[tokio::test]
async fn a_function_opens_a_plugin_without_default() {
    assert!(Limited::create().is_none());
    let client: LimitedClient<_> =
        InProcess::<Limited>::open(r#"{"most":7}"#).await.unwrap().client();
    assert_eq!(client.most().await.unwrap(), 7);
    let error = InProcess::<Limited>::open(r#"{"most":0}"#).await.unwrap_err();
    assert_eq!(error.to_string(), "no limits");
    let error = InProcess::<Limited>::open("null").await.unwrap_err().to_string();
    assert!(error.starts_with("the configuration is not a `Limits`: "), "{error}");
}

#[goplug::plugin]
trait Counting {
    #[goplug::method]
    async fn count(&self) -> Result<u64, String>;
}

struct From(u64);

#[goplug::plugin]
impl Counting for From {
    #[goplug::activate]
    async fn open(from: Option<u64>) -> Self {
        Self(from.unwrap_or(Self::FIRST))
    }

    async fn count(&self) -> Result<u64, String> {
        Ok(self.0)
    }

    #[goplug::stop]
    fn stop(&self) -> Result<(), String> {
        Err(format!("stopped at {}", self.0))
    }
}

impl From {
    const FIRST: u64 = 3;
}

#[tokio::test]
async fn hooks_stand_where_a_contract_is_fulfilled() {
    let plugin = InProcess::<From>::open("").await.unwrap();
    let client: FromClient<_> = plugin.client();
    assert!(matches!(client.count().await, Ok(3)));
    let _: Result<u64, CallError<String>> = client.count().await;
    let error = plugin.table().stop.unwrap()(plugin.value()).await.unwrap_err();
    assert_eq!(error.to_string(), "stopped at 3");
}

/// It has a default, which is not what its activation builds.
#[derive(Default)]
struct Both(u8);

#[goplug::plugin]
impl Both {
    #[goplug::activate]
    fn open() -> anyhow::Result<Both> {
        Ok(Both(9))
    }

    #[goplug::method]
    fn value(&self) -> u8 {
        self.0
    }
}

#[tokio::test]
async fn what_the_activation_builds_goes_before_the_default() {
    let client: BothClient<_> = InProcess::<Both>::open("").await.unwrap().client();
    assert_eq!(client.value().await.unwrap(), 9);
    assert_eq!(Both::default().0, 0);
}

/// A unit struct needs nothing, and may be built all the same.
#[goplug::plugin]
struct Unit;

#[goplug::activate(Unit)]
async fn open_unit() -> Result<Unit, std::io::Error> {
    Ok(Unit)
}

#[tokio::test]
async fn a_unit_struct_may_be_built() {
    InProcess::<Unit>::open("").await.unwrap();
}
