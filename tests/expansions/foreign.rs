/// A contract of a plugin in another language, with that language's names and spellings.
#[goplug::plugin(descriptor = DESCRIPTOR)]
pub trait Report {
    /// Makes a report.
    #[goplug::method(name = "make-report", returns = "Page")]
    async fn make_report(
        &self,
        #[goplug(spelling = "str")] title: &str,
        #[goplug(name = "dryRun", spelling = "bool")] dry_run: bool,
    ) -> Page;

    /// How far it has come.
    #[goplug::callback(returns = "Answer")]
    async fn progress(&self, #[goplug(spelling = "int")] percent: u8) -> goplug::Result<bool>;
}
