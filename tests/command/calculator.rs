//! The plugin that the tests call by the command.

use std::time::Duration;

use goplug::{Bytes, Incoming, Progress, Stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calculates, and does a few other things.
#[goplug::plugin(namespace = "math")]
pub struct Calculator;

goplug::main!(Calculator);

/// A point of a plane.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
}

/// Why there is no quotient.
#[derive(Debug, Deserialize, JsonSchema, Serialize)]
pub enum DivideError {
    /// The divisor is 0.
    ByZero {
        /// What was to be divided.
        dividend: i64,
    },
}

/// Adds two integers.
#[goplug::method(Calculator, idempotent)]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Divides one integer by another.
#[goplug::method(Calculator)]
pub fn divide(dividend: i64, divisor: i64) -> Result<i64, DivideError> {
    dividend.checked_div(divisor).ok_or(DivideError::ByZero { dividend })
}

/// Says hello to somebody.
#[goplug::method(Calculator)]
pub fn greet(name: String) -> String {
    format!("Hello, {name}!")
}

/// The text, as often as that.
#[goplug::method(Calculator)]
pub fn repeat(text: String, times: usize) -> String {
    text.repeat(times)
}

/// The words of a text.
#[goplug::method(Calculator)]
pub fn words(text: String) -> impl Stream<Item = String> {
    let words: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
    tokio_stream::iter(words)
}

/// Mirrors a point.
#[goplug::method(Calculator)]
pub fn mirror(point: Point) -> Point {
    Point { x: -point.x, y: point.y }
}

/// The numbers up to this one.
#[goplug::method(Calculator)]
pub fn count(to: u64) -> impl Stream<Item = u64> {
    tokio_stream::iter(1..=to)
}

/// The sum of the numbers that come.
#[goplug::method(Calculator)]
pub async fn sum(mut numbers: Incoming<i64>) -> Result<i64, String> {
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number.map_err(|error| error.to_string())?;
    }
    Ok(sum)
}

/// The same bytes, backwards.
#[goplug::method(Calculator)]
pub fn reverse(data: Bytes) -> Bytes {
    data.iter().rev().copied().collect()
}

/// As many of the bytes.
#[goplug::method(Calculator)]
pub fn cut(data: Bytes, length: usize) -> Bytes {
    data.slice(..length.min(data.len()))
}

/// The first half of the bytes, and how many these are.
#[goplug::method(Calculator)]
pub fn halve(data: Bytes) -> (usize, Bytes) {
    let half = data.slice(..data.len() / 2);
    (half.len(), half)
}

/// Takes some steps, and says so.
#[goplug::method(Calculator)]
pub async fn work(steps: u32, progress: Progress<u32>) {
    for step in 1..=steps {
        progress.send(step).await;
    }
}

/// Calls back with the numbers up to this one.
#[goplug::method(Calculator)]
pub async fn tick_to(to: u32) -> goplug::Result<()> {
    for number in 1..=to {
        ticked(number).await?;
    }
    Ok(())
}

/// A number that has been counted.
#[goplug::callback(Calculator)]
pub async fn ticked(number: u32) -> goplug::Result<()>;

/// Takes a long time.
#[goplug::method(Calculator)]
pub async fn sleep(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// Ends the process.
#[goplug::method(Calculator)]
pub fn exit(status: i32) {
    std::process::exit(status);
}

/// Fails where it should not.
#[goplug::method(Calculator)]
pub fn panic() {
    panic!("on purpose");
}
