//! A pipe, line by line.

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::limits;

/// The lines of a pipe.
pub(super) struct Lines<R> {
    pipe: BufReader<R>,
    line: Vec<u8>,
    /// Whether the line has been returned.
    is_done: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(pipe: R) -> Self {
        let pipe = BufReader::with_capacity(limits::MAX_OUTPUT_LINE, pipe);
        Self { pipe, line: Vec::new(), is_done: false }
    }

    /// The next line, without its end; `None` at the end of the pipe, or if it cannot be read. A line
    /// that is longer than the limit is divided. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<&[u8]> {
        if self.is_done {
            self.is_done = false;
            self.line.clear();
            self.line.shrink_to(limits::MAX_OUTPUT_LINE);
        }
        while let Ok(bytes) = self.pipe.fill_buf().await
            && !bytes.is_empty()
        {
            let first = *self.line.first().unwrap_or(&bytes[0]);
            let limit =
                if first == b'{' { limits::MAX_LOG_RECORD } else { limits::MAX_OUTPUT_LINE };
            let bytes = &bytes[..bytes.len().min(limit - self.line.len())];
            let end = memchr::memchr(b'\n', bytes);
            let count = end.unwrap_or(bytes.len());
            self.line.extend_from_slice(&bytes[..count]);
            self.pipe.consume(count + usize::from(end.is_some()));
            if end.is_some() || self.line.len() == limit {
                self.is_done = true;
                return Some(without_return(&self.line));
            }
        }
        self.is_done = !self.line.is_empty();
        self.is_done.then(|| without_return(&self.line))
    }
}

/// The line without the `\r` of a line end of Windows.
fn without_return(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(input: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Lines::new(input);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line.to_vec());
        }
        all
    }

    #[tokio::test(flavor = "current_thread")]
    async fn lines_end_at_line_feeds_and_at_the_end() {
        assert_eq!(lines_of(b"a\r\n\nb\xff").await, [&b"a"[..], b"", b"b\xff"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_long_line_is_divided() {
        let lines = lines_of(&vec![b'x'; 2 * limits::MAX_OUTPUT_LINE + 1]).await;
        assert_eq!(lines.iter().map(Vec::len).max(), Some(limits::MAX_OUTPUT_LINE));
        assert_eq!(lines.len(), 3);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_line_that_may_be_a_record_may_be_longer() {
        let mut input = vec![b'x'; limits::MAX_LOG_RECORD + 1];
        input[0] = b'{';
        let lengths: Vec<_> = lines_of(&input).await.iter().map(Vec::len).collect();
        assert_eq!(lengths, [limits::MAX_LOG_RECORD, 1]);
    }
}
