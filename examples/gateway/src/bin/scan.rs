//! A route of the gateway: counts the lines of the files that are posted to it.
//!
//! It is a program like any other. `gateway-scan install FOLDER` adds the route `/Scan` to the gateway on
//! that folder, also while the gateway runs; done again after a build, it is an upgrade.

use std::str;

use gateway::{Inbox, Receipt, Refusal};
use goplug::{Bytes, Stream};
use tokio::sync::broadcast;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

/// How many receipts a slow reader may be behind before it misses some.
const BACKLOG: usize = 256;

/// Counts lines.
struct Scan {
    receipts: broadcast::Sender<Receipt>,
}

#[goplug::plugin(name = "Scan", namespace = "gateway")]
impl Inbox for Scan {
    async fn post(&self, request: &str, name: &str, content: Bytes) -> Result<Receipt, Refusal> {
        let receipt = scan(request, name, &content).inspect_err(|refusal| {
            tracing::warn!(request, "{refusal}");
        })?;
        tracing::info!(request, lines = receipt.lines, "{name} has been read");
        // Nobody may be listening.
        drop(self.receipts.send(receipt.clone()));
        Ok(receipt)
    }

    fn events(&self) -> impl Stream<Item = Receipt> {
        // What a slow reader has missed is left out.
        BroadcastStream::new(self.receipts.subscribe()).filter_map(Result::ok)
    }

    #[goplug::activate]
    async fn open() -> Self {
        Self { receipts: broadcast::Sender::new(BACKLOG) }
    }

    #[goplug::stop]
    async fn close(&self) {
        tracing::info!("the scanner stops");
    }
}

fn scan(request: &str, name: &str, content: &[u8]) -> Result<Receipt, Refusal> {
    if content.is_empty() {
        return Err(Refusal::Empty { name: name.into() });
    }
    let text = str::from_utf8(content).map_err(|error| {
        let at = error.valid_up_to() as u64;
        Refusal::NoText { name: name.into(), at }
    })?;
    Ok(Receipt {
        request: request.into(),
        name: name.into(),
        length: content.len() as u64,
        lines: text.lines().count() as u64,
        process: std::process::id(),
    })
}

goplug::main!(Scan);

#[cfg(test)]
mod tests {
    use gateway::InboxClient;
    use goplug::CallError;
    use goplug::testing::InProcess;

    use super::*;

    #[tokio::test]
    async fn a_file_is_counted_and_told_of() {
        let plugin = InProcess::<Scan>::unloaded();
        plugin.load(&()).await.unwrap();
        let scan: InboxClient<_> = plugin.client().unwrap();
        let mut events = scan.events().await.unwrap();
        let receipt = scan.post("r-1", "a.txt", "one\ntwo\n".into()).await.unwrap();
        assert_eq!((receipt.lines, receipt.length, &*receipt.request), (2, 8, "r-1"));
        assert_eq!(events.next().await.unwrap().unwrap(), receipt);
    }

    #[tokio::test]
    async fn what_is_no_text_is_refused() {
        let plugin = InProcess::<Scan>::unloaded();
        plugin.load(&()).await.unwrap();
        let scan: InboxClient<_> = plugin.client().unwrap();
        let refused = scan.post("r-1", "a.bin", Bytes::from_static(b"ab\xff")).await.unwrap_err();
        assert_eq!(refused.to_string(), "a.bin is no text: byte 2 is not UTF-8");
        let refused = scan.post("r-2", "b.txt", Bytes::new()).await.unwrap_err();
        assert!(matches!(refused, CallError::Method(Refusal::Empty { .. })), "{refused}");
    }
}
