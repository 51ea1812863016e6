//! The spans that this program has recorded.

use std::sync::OnceLock;

use opentelemetry::trace::{SpanId, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();

/// A span that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// Its name.
    pub name: String,
    /// The id of its trace.
    pub trace: String,
    /// Its own id.
    pub id: String,
    /// The id of its parent; `None` if it has none.
    pub parent: Option<String>,
    /// The attribute `method`.
    pub method: Option<String>,
    /// Why it has failed; `None` if it has not.
    pub error: Option<String>,
}

impl From<SpanData> for Recorded {
    fn from(span: SpanData) -> Self {
        let parent = span.parent_span_id;
        let method = span.attributes.iter().find(|attribute| attribute.key.as_str() == "method");
        let error = match span.status {
            Status::Error { description } => Some(description.into_owned()),
            Status::Unset | Status::Ok => None,
        };
        Self {
            error,
            name: span.name.into_owned(),
            trace: span.span_context.trace_id().to_string(),
            id: span.span_context.span_id().to_string(),
            parent: (parent != SpanId::INVALID).then(|| parent.to_string()),
            method: method.map(|attribute| attribute.value.as_str().into_owned()),
        }
    }
}

/// Records the spans of this program.
///
/// # Errors
/// The program has a subscriber already.
pub fn record() -> anyhow::Result<()> {
    Ok(tracing_subscriber::registry().with(layer()).try_init()?)
}

/// Records the spans of a plugin, whose events go to its host as before.
///
/// # Errors
/// The program has a subscriber already.
pub fn set_up() -> anyhow::Result<()> {
    Ok(tracing_subscriber::registry().with(layer()).with(goplug::log::layer()).try_init()?)
}

fn layer<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    let exporter = EXPORTER.get_or_init(InMemorySpanExporter::default).clone();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
    tracing_opentelemetry::layer().with_tracer(provider.tracer("goplug"))
}

/// The spans that have ended.
pub fn spans() -> Vec<Recorded> {
    let spans = EXPORTER.get().and_then(|exporter| exporter.get_finished_spans().ok());
    spans.unwrap_or_default().into_iter().map(Recorded::from).collect()
}
