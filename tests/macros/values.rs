//! Values that JSON cannot carry: their sender fails, whichever side it is.

use std::sync::Mutex;

use goplug::{CallError, Error};
use serde::{Deserialize, Serialize};

use crate::double::InProcess;

/// Measures.
#[goplug::plugin]
pub(crate) struct Gauge {
    levels: Mutex<Vec<f64>>,
}

impl Default for Gauge {
    fn default() -> Self {
        Self { levels: Mutex::new(Vec::new()) }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Level {
    of: f64,
}

/// Notes a level.
#[goplug::method(Gauge)]
fn note(plugin: &Gauge, place: &str, level: f64) -> usize {
    let mut levels = plugin.levels.lock().unwrap();
    levels.extend((!place.is_empty()).then_some(level));
    levels.len()
}

/// A quotient.
#[goplug::method(Gauge)]
fn quotient(of: f64, by: f64) -> f64 {
    of / by
}

/// A quotient, or the level that it has not.
#[goplug::method(Gauge)]
fn checked(of: f64, by: f64) -> Result<Option<f64>, Level> {
    if by == 0.0 { Err(Level { of: of / by }) } else { Ok(Some(of / by)) }
}

/// Tells the host of a quotient.
#[goplug::method(Gauge)]
async fn tell(of: f64, by: f64) -> goplug::Result<()> {
    changed(Level { of: of / by }).await
}

/// Asks the host for twice the level.
#[goplug::method(Gauge)]
async fn twice(level: f64) -> goplug::Result<f64> {
    doubled(level).await
}

/// The level has changed.
#[goplug::callback(Gauge)]
async fn changed(to: Level) -> goplug::Result<()>;

/// Twice the level.
#[goplug::callback(Gauge)]
async fn doubled(level: f64) -> goplug::Result<f64>;

fn gauge() -> GaugeClient<InProcess<Gauge>> {
    InProcess::start().client()
}

const NAN: &str = "JSON has no number NaN; an `Option` can say that there is no number";

#[tokio::test]
async fn a_client_does_not_send_what_would_arrive_as_null() {
    let gauge = gauge();
    let error = gauge.note("here", f64::NAN).await.unwrap_err();
    let Error::Arguments { method, parameter, detail, .. } = &error else { panic!("{error:?}") };
    assert_eq!((method.as_str(), parameter.as_deref()), ("note", Some("level")));
    assert_eq!(*detail, format!("parameter `level` cannot be written as JSON: {NAN}"));
    assert_eq!(gauge.note("here", 0.5).await.unwrap(), 1, "the first call has not been made");
}

#[tokio::test]
async fn a_method_does_not_return_what_would_arrive_as_null() {
    let gauge = gauge();
    assert_eq!(gauge.quotient(1.0, 4.0).await.unwrap(), 0.25);
    let error = gauge.quotient(0.0, 0.0).await.unwrap_err().to_string();
    assert!(error.contains(&format!("the result cannot be written as JSON: {NAN}")), "{error}");
    let error = gauge.checked(f64::MAX, 0.1).await.unwrap_err();
    assert!(error.to_string().contains("JSON has no number inf"), "{error}");
}

#[tokio::test]
async fn a_methods_error_is_not_sent_without_what_it_holds() {
    let error = gauge().checked(0.0, 0.0).await.unwrap_err();
    assert!(matches!(error, CallError::Goplug(_)), "{error:?}");
    let text = format!("the method's error cannot be written as JSON ({NAN})");
    assert!(error.to_string().contains(&text), "{error}");
}

#[tokio::test]
async fn a_callback_is_not_sent_with_what_would_arrive_as_null() {
    let gauge = gauge();
    let _changed = gauge.on_changed(|_| async { panic!("it has been sent") }).await.unwrap();
    let error = gauge.tell(0.0, 0.0).await.unwrap_err().to_string();
    assert!(error.contains("`to` cannot be written as JSON: JSON has no number NaN"), "{error}");
}

#[tokio::test]
async fn a_hosts_handler_does_not_answer_what_would_arrive_as_null() {
    let gauge = gauge();
    let _doubled = gauge.on_doubled(|level| async move { level * 2.0 }).await.unwrap();
    assert_eq!(gauge.twice(0.25).await.unwrap(), 0.5);
    let error = gauge.twice(f64::MAX).await.unwrap_err().to_string();
    assert!(error.contains("JSON has no number inf"), "{error}");
}
