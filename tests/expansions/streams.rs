/// Reads logs.
#[goplug::plugin(namespace = "acme")]
pub struct Log;

/// The lines of a file.
#[goplug::method(Log)]
pub fn tail(path: &str) -> impl Stream<Item = Line> {
    read(path)
}

#[goplug::method(Log)]
pub async fn search(
    log: &Log,
    query: Query,
) -> Result<impl Stream<Item = Result<Hit, SearchError>>, SearchError> {
    log.find(query).await
}

#[goplug::method(Log)]
pub async fn packed(path: String) -> anyhow::Result<impl Stream<Item = Bytes>> {
    pack(path).await
}

/// What is new.
#[goplug::plugin]
pub trait Feed {
    /// The headlines.
    #[goplug::method]
    fn headlines(&self) -> impl Stream<Item = String>;
}
