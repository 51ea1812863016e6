//! A host and its plugins, each of which records its own spans.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use goplug::{CallContext, Registry, Traceparent};
use traces::front::{Clerk, FrontClient};
use traces::recorded::{self, Recorded};
use traces::store::StoreClient;
use tracing::{Instrument, Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Answers with what the other plugin knows.
#[derive(Clone, Default)]
struct Shelf(Arc<OnceLock<StoreClient>>);

#[goplug::plugin(namespace = "traces")]
impl Clerk for Shelf {
    async fn look_up(&self, key: &str) -> goplug::Result<String> {
        if key == "no such key" {
            return Err(goplug::Error::Configuration("nothing of that name".into()));
        }
        self.0.get().expect("the store is loaded").get(key).await
    }
}

/// The plugins in a registry.
struct Plugins {
    registry: Registry,
    front: FrontClient,
    store: StoreClient,
    _folder: tempfile::TempDir,
}

/// The host records its spans as well.
fn record() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| recorded::record().expect("the only subscriber"));
}

fn install(program: &str, folder: &Path) {
    let status = Command::new(program)
        .arg("install")
        .arg(folder)
        .stdout(Stdio::null())
        .status()
        .expect("it starts");
    assert!(status.success(), "{program}: {status}");
}

impl Plugins {
    async fn load() -> anyhow::Result<Self> {
        record();
        let folder = tempfile::tempdir()?;
        for program in [env!("CARGO_BIN_EXE_traced-front"), env!("CARGO_BIN_EXE_traced-store")] {
            install(program, folder.path());
        }
        let shelf = Shelf::default();
        let registry = Registry::builder(folder.path()).provide(shelf.clone()).start().await?;
        let store: StoreClient = registry.client().await?;
        shelf.0.set(store.clone()).expect("it is empty");
        let front = registry.client().await?;
        Ok(Self { registry, front, store, _folder: folder })
    }

    /// All spans of this trace that have ended, in all processes.
    async fn spans(&self, trace: &str) -> goplug::Result<Vec<Recorded>> {
        let mut spans = recorded::spans();
        spans.extend(self.front.spans().await?);
        spans.extend(self.store.spans().await?);
        spans.retain(|span| span.trace == trace);
        Ok(spans)
    }

    /// The spans of a trace, once there are as many. Each is shown as its name with that of its
    /// parent: `goplug.call ask < request`.
    async fn tree(&self, trace: &str, count: usize) -> anyhow::Result<Vec<String>> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut spans = self.spans(trace).await?;
        while spans.len() < count && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
            spans = self.spans(trace).await?;
        }
        let name = |span: &Recorded| {
            let method = span.method.as_deref().unwrap_or_default();
            format!("{} {method}", span.name).trim_end().to_owned()
        };
        let parent = |span: &Recorded| {
            let id = span.parent.as_ref()?;
            Some(spans.iter().find(|span| span.id == *id).map_or("unknown".to_owned(), name))
        };
        let mut tree: Vec<_> = spans
            .iter()
            .map(|span| match parent(span) {
                Some(parent) => format!("{} < {parent}", name(span)),
                None => name(span),
            })
            .collect();
        tree.sort();
        Ok(tree)
    }
}

/// The place of a span, as text.
fn place_of(span: &Span) -> (String, Option<Traceparent>) {
    use opentelemetry::trace::TraceContextExt;

    let context = span.context();
    let context = context.span().span_context().clone();
    let trace = u128::from_be_bytes(context.trace_id().to_bytes());
    let id = u64::from_be_bytes(context.span_id().to_bytes());
    (context.trace_id().to_string(), Traceparent::new(trace, id, context.is_sampled()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spans_of_a_host_and_its_plugins_are_of_one_trace() -> anyhow::Result<()> {
    let plugins = Plugins::load().await?;
    let _subscription = plugins
        .front
        .on_answered(|_text: String| async move { info_span!("noting").in_scope(|| ()) })
        .await?;
    let request = info_span!(parent: None, "request");
    let (trace, _) = place_of(&request);
    let answer = plugins.front.ask("a").instrument(request).await?;
    assert_eq!(answer, "the value of a");
    let expected = [
        "asking < goplug.call ask",
        "goplug.call ask < request",
        "goplug.call get < goplug.service Clerk/look_up",
        "goplug.callback < goplug.call ask",
        "goplug.service Clerk/look_up < asking",
        "noting < goplug.callback",
        "request",
    ];
    assert_eq!(plugins.tree(&trace, expected.len()).await?, expected);
    plugins.registry.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_on_a_thread_is_within_the_span_of_its_call() -> anyhow::Result<()> {
    let plugins = Plugins::load().await?;
    let request = info_span!(parent: None, "request");
    let (trace, _) = place_of(&request);
    plugins.front.ask_blocking("b").instrument(request).await?;
    let expected = [
        "goplug.call ask_blocking < request",
        "goplug.call get < goplug.service Clerk/look_up",
        "goplug.service Clerk/look_up < goplug.call ask_blocking",
        "request",
    ];
    assert_eq!(plugins.tree(&trace, expected.len()).await?, expected);
    plugins.registry.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_span_of_what_fails_has_the_error() -> anyhow::Result<()> {
    let plugins = Plugins::load().await?;
    let request = info_span!(parent: None, "request");
    let (trace, _) = place_of(&request);
    let calls = async {
        plugins.store.fail(false).await.unwrap_err();
        plugins.store.fail(true).await.unwrap_err();
        plugins.front.ask("no such key").await.unwrap_err();
    };
    calls.instrument(request).await;
    plugins.tree(&trace, 6).await?;
    let spans = plugins.spans(&trace).await?;
    let failed = spans.into_iter().filter_map(|span| Some((span.name, span.error?)));
    let mut failed: Vec<_> = failed.collect();
    failed.sort();
    let names: Vec<_> = failed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["goplug.call", "goplug.call", "goplug.call", "goplug.service"],
        "{failed:?}"
    );
    for (_, error) in &failed {
        let known =
            ["the disk broke (at tests/traces/store.rs:", "no such key", "nothing of that name"];
        assert!(known.iter().any(|text| error.contains(text)), "{failed:?}");
    }
    plugins.registry.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_says_where_it_is_made_only_within_a_span() -> anyhow::Result<()> {
    let plugins = Plugins::load().await?;
    let front = &plugins.front;
    assert_eq!(front.trace().await?, None);
    let request = info_span!(parent: None, "request");
    let (_, place) = place_of(&request);
    let sent = front.trace().instrument(request.clone()).await?;
    assert_eq!(sent, place.map(|place| place.to_string()));
    let own = Traceparent::new(3, 4, false).expect("two ids");
    let traced = front.clone().with_traceparent(own);
    assert_eq!(traced.trace().instrument(request).await?, Some(own.to_string()));
    // What is not sampled is not recorded, by none of the processes.
    let spans = plugins.spans(&format!("{:032x}", own.trace_id())).await?;
    assert_eq!(spans, []);
    plugins.registry.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_of_opentelemetry_alone_is_a_place_too() -> anyhow::Result<()> {
    use opentelemetry::trace::{
        FutureExt, SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState,
    };

    let plugins = Plugins::load().await?;
    let (trace, span) = (TraceId::from(5_u128), SpanId::from(6_u64));
    let place = SpanContext::new(trace, span, TraceFlags::SAMPLED, false, TraceState::default());
    let context = opentelemetry::Context::new().with_remote_span_context(place);
    let sent = plugins.front.trace().with_context(context).await?;
    assert_eq!(sent, Traceparent::new(5, 6, true).map(|place| place.to_string()));
    plugins.registry.stop().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_of_a_callback_knows_the_place_of_its_sender() -> anyhow::Result<()> {
    let plugins = Plugins::load().await?;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let _subscription = plugins
        .front
        .on_answered(move |_text: String| {
            let trace = CallContext::current().and_then(|call| call.traceparent());
            noted.lock().unwrap().push(trace.map(|place| place.trace_id()));
            async {}
        })
        .await?;
    plugins.front.ask("c").await?;
    plugins
        .front
        .clone()
        .with_traceparent(Traceparent::new(8, 9, true).expect("two ids"))
        .ask("d")
        .await?;
    let deadline = Instant::now() + Duration::from_secs(60);
    while seen.lock().unwrap().len() < 2 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seen = seen.lock().unwrap().clone();
    // The plugin's own span of the first call begins a trace.
    assert!(matches!(seen[..], [Some(first), Some(8)] if first != 8), "{seen:?}");
    plugins.registry.stop().await?;
    Ok(())
}
