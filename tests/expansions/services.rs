/// Renders reports.
#[goplug::plugin(
    namespace = "acme",
    needs(Database),
    wants(caches::Cache),
    permissions(read = ["/usr/share/dict"], connect = [587], memory = "256 MiB")
)]
pub struct Report;

/// Renders a page.
#[goplug::method(Report)]
pub async fn render(page: u32) -> goplug::Result<String> {
    goplug::host::<DatabaseClient<goplug::Host>>()?.title(page).await
}
