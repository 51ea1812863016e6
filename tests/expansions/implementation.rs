/// Counts.
#[goplug::plugin(name = "Counter", lazy_load)]
impl Counter {
    /// Counts on.
    #[goplug::method(blocking)]
    pub fn increment(&self, by: Option<u64>, note: &str) -> anyhow::Result<u64> {
        self.add(by, note)
    }

    /// Whether it may go on.
    #[goplug::callback]
    pub async fn may(&self, value: u64, note: &str) -> goplug::Result<bool>;

    #[goplug::activate]
    async fn open(config: Config) -> anyhow::Result<Self> {
        Self::from_file(&config.file).await
    }

    #[goplug::stop]
    fn stop(&self) {}
}
