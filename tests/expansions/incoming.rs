/// Keeps logs.
#[goplug::plugin(namespace = "acme")]
pub struct Log;

/// Adds lines.
#[goplug::method(Log)]
pub async fn ingest(source: String, lines: goplug::Incoming<Line>) -> u64 {
    add(source, lines).await
}

#[goplug::method(Log)]
pub fn unpack(log: &Log, packed: IncomingIter<Bytes>) -> Result<u64, UnpackError> {
    log.unpack(packed)
}

/// What passes.
#[goplug::plugin]
pub trait Filter {
    /// Those of the lines.
    #[goplug::method]
    async fn filter(&self, text: &str, lines: Incoming<Line>) -> impl Stream<Item = Line>;
}
