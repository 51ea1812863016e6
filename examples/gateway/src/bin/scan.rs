//! A route of the gateway: counts the lines of the files that are posted to it.
//!
//! It is a program like any other. `gateway-scan install FOLDER` adds the route `/Scan` to the gateway on
//! that folder, also while the gateway runs; done again after a build, it is an upgrade.

use std::str;

use gateway::{Inbox, LedgerClient, Receipt, Refusal};
use goplug::{Bytes, Host, Stream};
use tokio::sync::broadcast;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

/// How many receipts a slow reader may be behind before it misses some.
const BACKLOG: usize = 256;

/// Counts lines.
struct Scan {
    receipts: broadcast::Sender<Receipt>,
}

#[goplug::plugin(name = "Scan", namespace = "gateway", needs(gateway::Ledger))]
impl Inbox for Scan {
    async fn post(&self, request: &str, name: &str, content: Bytes) -> Result<Receipt, Refusal> {
        let taken = take(request, name, &content).await;
        let receipt = taken.inspect_err(|refusal| tracing::warn!(request, "{refusal}"))?;
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

async fn take(request: &str, name: &str, content: &[u8]) -> Result<Receipt, Refusal> {
    let receipt = scan(request, name, content)?;
    let reason = |error: goplug::Error| error.to_string();
    let not_entered = |reason| Refusal::NotEntered { name: name.into(), reason };
    let ledger: LedgerClient<Host> = goplug::host().map_err(reason).map_err(not_entered)?;
    let number = ledger.enter(request, name).await.map_err(reason).map_err(not_entered)?;
    Ok(Receipt { number, ..receipt })
}

/// The receipt without its number.
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
        number: 0,
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

    /// The ledger of the tests.
    #[derive(Default)]
    struct Sevens;

    #[goplug::plugin]
    impl gateway::Ledger for Sevens {
        async fn enter(&self, _request: &str, _name: &str) -> u64 {
            7
        }
    }

    /// A scanner with this ledger.
    async fn scanner() -> InboxClient<InProcess<Scan>> {
        let plugin = InProcess::<Scan>::unloaded().provide(Sevens).unwrap();
        plugin.load(&()).await.unwrap();
        plugin.client().unwrap()
    }

    #[tokio::test]
    async fn a_file_is_counted_and_told_of() {
        let scan = scanner().await;
        let mut events = scan.events().await.unwrap();
        let receipt = scan.post("r-1", "a.txt", "one\ntwo\n".into()).await.unwrap();
        assert_eq!((receipt.lines, receipt.length, &*receipt.request), (2, 8, "r-1"));
        assert_eq!(receipt.number, 7);
        assert_eq!(events.next().await.unwrap().unwrap(), receipt);
    }

    #[tokio::test]
    async fn what_is_no_text_is_refused() {
        let scan = scanner().await;
        let refused = scan.post("r-1", "a.bin", Bytes::from_static(b"ab\xff")).await.unwrap_err();
        assert_eq!(refused.to_string(), "a.bin is no text: byte 2 is not UTF-8");
        let refused = scan.post("r-2", "b.txt", Bytes::new()).await.unwrap_err();
        assert!(matches!(refused, CallError::Method(Refusal::Empty { .. })), "{refused}");
    }
}
