//! A crate with every lint on sees nothing of what is generated.
//!
//! `cargo clippy` is what checks this: one warning here is a failure there.
#![deny(clippy::pedantic, clippy::all, warnings, unreachable_pub, missing_docs)]

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::double::InProcess;

#[goplug::plugin]
struct Strict;

#[goplug::method(Strict)]
fn owned(text: String, options: Option<Vec<String>>, flag: bool) -> Result<Vec<String>, String> {
    let mut options = options.ok_or("no options")?;
    if flag {
        options.push(text);
    }
    Ok(options)
}

#[goplug::method(Strict)]
fn echo(input: Bytes) -> Bytes {
    input
}

#[goplug::method(Strict, blocking)]
fn many(one: u8, two: u8, three: u8, four: u8, five: Vec<u64>, six: &str) -> u64 {
    let small = [one, two, three, four].into_iter().map(u64::from);
    small.chain(five).sum::<u64>() + six.len() as u64
}

#[goplug::method(Strict)]
fn counted(to: u64) -> impl goplug::Stream<Item = u64> {
    Numbers(0..to)
}

#[goplug::method(Strict)]
fn passed_on(texts: goplug::Incoming<String>) -> impl goplug::Stream<Item = u64> {
    drop(texts);
    Numbers(0..0)
}

struct Numbers(std::ops::Range<u64>);

impl goplug::Stream for Numbers {
    type Item = u64;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u64>> {
        Poll::Ready(self.0.next())
    }
}

#[goplug::method(Strict, blocking)]
fn listed(texts: goplug::IncomingIter<String>) -> usize {
    texts.count()
}

#[goplug::method(Strict, blocking)]
fn reported(to: u32, progress: goplug::Progress<u32>, call: &goplug::CallContext) -> bool {
    (0..to).for_each(|done| progress.blocking_send(done));
    call.is_cancelled()
}

#[goplug::callback(Strict)]
async fn told(text: &str, number: u64) -> goplug::Result<()>;

#[goplug::callback(Strict)]
async fn asked(bytes: Vec<u8>) -> goplug::Result<u64>;

#[goplug::activate(Strict)]
async fn start(configuration: Option<u64>) -> anyhow::Result<()> {
    told("started", configuration.unwrap_or_default()).await?;
    asked(Vec::new()).await?;
    Ok(())
}

#[derive(Default)]
struct Hidden;

#[derive(serde::Serialize, serde::Deserialize)]
struct Point {
    x: i64,
}

#[goplug::plugin]
impl Hidden {
    /// The client of a private type has private types in its signatures.
    #[goplug::method]
    fn shift(&self, point: &Point, by: i64) -> Point {
        let Self = self;
        Point { x: point.x + by }
    }

    #[goplug::callback]
    async fn shifted(&self, to: Point) -> goplug::Result<Point>;

    #[goplug::activate]
    async fn start(&self) -> goplug::Result<()> {
        self.shifted(Point { x: 1 }).await.map(drop)
    }
}

#[goplug::plugin]
trait Strictly {
    #[goplug::method]
    async fn measure(&self, text: &str) -> anyhow::Result<usize>;

    #[goplug::callback]
    async fn measured(&self, length: usize) -> goplug::Result<()>;
}

#[goplug::plugin(Strict)]
impl Strictly for Strict {
    async fn measure(&self, text: &str) -> anyhow::Result<usize> {
        self.measured(text.len()).await?;
        Ok(text.len())
    }
}

#[tokio::test]
async fn strict_code_is_called_like_any_other() {
    let plugin = InProcess::<Strict>::start();
    let client: StrictClient<_> = plugin.client();
    assert_eq!(client.owned("ab".to_owned(), Some(Vec::new()), true).await.unwrap(), ["ab"]);
    assert_eq!(client.echo(Bytes::from_static(b"x")).await.unwrap(), "x");
    assert_eq!(client.many(1, 2, 3, 4, vec![5], "123456").await.unwrap(), 21);
    let hidden: HiddenClient<_> = InProcess::<Hidden>::start().client();
    assert_eq!(hidden.shift(&Point { x: 1 }, 2).await.unwrap().x, 3);
    let strictly: StrictlyClient<_> = plugin.client();
    let mut measured = strictly.measured_stream().await.unwrap();
    assert_eq!(strictly.measure("abc").await.unwrap(), 3);
    assert_eq!(measured.next().await, Some(3));
}

#[tokio::test]
async fn strict_code_blocks_like_any_other() {
    let plugin = InProcess::<Strict>::start();
    let client: StrictBlockingClient<_> = plugin.client();
    assert_eq!(client.owned("ab".to_owned(), Some(Vec::new()), true).unwrap(), ["ab"]);
    assert_eq!(client.echo(Bytes::from_static(b"x")).unwrap(), "x");
    assert_eq!(client.many(1, 2, 3, 4, vec![5], "123456").unwrap(), 21);
    let hidden: HiddenBlockingClient<_> = InProcess::<Hidden>::start().client();
    assert_eq!(hidden.shift(&Point { x: 1 }, 2).unwrap().x, 3);
    let strictly: StrictlyBlockingClient<_> = plugin.client();
    let (sender, measured) = std::sync::mpsc::channel();
    let subscription = strictly.on_measured(move |length| sender.send(length).unwrap()).unwrap();
    assert_eq!(strictly.measure("abc").unwrap(), 3);
    assert_eq!(measured.recv(), Ok(3));
    subscription.unregister();
    assert!(strictly.measure("abc").is_err());
}
