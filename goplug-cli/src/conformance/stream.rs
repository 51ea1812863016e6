//! Streams of events, as the body of an answer.

use super::connection::Connection;
use super::event::{Event, parsed};

impl Connection {
    /// The next event; nothing at the proper end of the stream.
    pub(super) async fn event(&mut self) -> Result<Option<Event>, String> {
        if let Some(event) = self.put_back.take() {
            return Ok(Some(event));
        }
        loop {
            while let Some(at) = self.text.windows(2).position(|pair| pair == b"\n\n") {
                let text: Vec<u8> = self.text.drain(..at + 2).collect();
                let text = String::from_utf8(text).map_err(|_| "an event is not UTF-8")?;
                if let Some(event) = parsed(&text) {
                    return Ok(Some(event));
                }
            }
            let chunk = self.chunk().await?;
            if chunk.is_empty() {
                let rest = String::from_utf8_lossy(&self.text);
                return if rest.is_empty() { Ok(None) } else { Err(format!("cut off: {rest:?}")) };
            }
            self.text.extend(chunk);
        }
    }

    /// Has an event read again.
    pub(super) fn put_back(&mut self, event: Event) {
        self.put_back = Some(event);
    }
}
