//! The routes that are plugins.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::{get, post};
use axum::{Extension, Json, Router, middleware};
use futures_core::Stream;
use gateway::Receipt;
use goplug::{Bytes, ResultStream};

use crate::failure::Failure;
use crate::operations;
use crate::request_id::{self, RequestId};
use crate::state::Gateway;

/// The largest file that is taken, in bytes. A plugin takes 64 MiB with everything around it.
const LARGEST_FILE: usize = 32 << 20;

/// All routes.
pub(crate) fn router(gateway: Gateway) -> Router {
    Router::new()
        .route("/health", get(operations::health))
        .route("/statistics", get(operations::statistics))
        .route("/{plugin}/{file}", post(upload))
        .route("/{plugin}/events", get(events))
        .layer(DefaultBodyLimit::max(LARGEST_FILE))
        .layer(middleware::from_fn(request_id::give))
        .with_state(gateway)
}

/// Hands a file to the plugin, as it is.
async fn upload(
    State(gateway): State<Gateway>,
    Extension(RequestId(request)): Extension<RequestId>,
    Path((plugin, file)): Path<(String, String)>,
    content: Bytes,
) -> Result<Json<Receipt>, Failure> {
    let receipt = gateway.inbox(&plugin)?.post(&request, &file, content).await?;
    tracing::info!(request = &*request, plugin, file, "taken");
    Ok(Json(receipt))
}

/// The stream of the plugin as server-sent events, until the reader has gone, the plugin's process is
/// replaced, or the gateway is to stop. A browser connects again by itself.
async fn events(
    State(gateway): State<Gateway>,
    Path(plugin): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let receipts = gateway.inbox(&plugin)?.events().await?;
    let stop = Box::pin(gateway.stop.requested());
    let events = Events { receipts: Some(receipts), stop };
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Receipts as events, of which the last says why there are no more.
struct Events {
    /// `None` after the last event.
    receipts: Option<ResultStream<Receipt>>,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(receipts) = &mut self.receipts else { return Poll::Ready(None) };
        let last = match Pin::new(receipts).poll_next(cx) {
            Poll::Ready(Some(Ok(receipt))) => {
                let event = Event::default().event("receipt").json_data(receipt);
                let event =
                    event.unwrap_or_else(|error| Event::default().comment(error.to_string()));
                return Poll::Ready(Some(Ok(event)));
            }
            Poll::Ready(Some(Err(error))) => error.to_string(),
            Poll::Ready(None) => "the plugin has ended the stream".into(),
            Poll::Pending => match self.stop.as_mut().poll(cx) {
                Poll::Ready(()) => "the gateway stops".into(),
                Poll::Pending => return Poll::Pending,
            },
        };
        // Dropping the stream lets the plugin's end, too.
        self.receipts = None;
        let last = last.replace(['\r', '\n'], " ");
        Poll::Ready(Some(Ok(Event::default().event("end").data(last))))
    }
}
