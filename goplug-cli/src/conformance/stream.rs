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
            self.append(&chunk);
        }
    }

    /// Takes text of a stream, whose lines may end in LF, CR LF or CR.
    fn append(&mut self, chunk: &[u8]) {
        for &byte in chunk {
            match byte {
                b'\n' if self.is_behind_cr => {}
                b'\r' => self.text.push(b'\n'),
                byte => self.text.push(byte),
            }
            self.is_behind_cr = byte == b'\r';
        }
    }

    /// Has an event read again.
    pub(super) fn put_back(&mut self, event: Event) {
        self.put_back = Some(event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn lines_end_in_each_of_the_three_ways() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (mut peer, socket) = crate::system::pair().await.unwrap();
            let mut connection = Connection::over(socket, Duration::from_secs(30));
            // The second line end of the first event is in two chunks.
            for text in [
                "\u{feff}event: a\r\ndata: 1\r\n\r",
                "\nevent: b\rdata: 2\r\r",
                "event: c\ndata: 3\n\n",
            ] {
                let chunk = format!("{:x}\r\n{text}\r\n", text.len());
                peer.write_all(chunk.as_bytes()).await.unwrap();
            }
            peer.write_all(b"0\r\n\r\n").await.unwrap();
            for (name, data) in [("a", "1"), ("b", "2"), ("c", "3")] {
                let event = connection.event().await.unwrap().unwrap();
                assert_eq!((event.name.as_str(), event.data.as_str()), (name, data));
            }
            assert_eq!(connection.event().await.unwrap(), None);
        });
    }
}
