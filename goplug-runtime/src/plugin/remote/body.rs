//! Bodies of responses, as the network gets them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use super::activity::RequestGuard;
use super::feed::Feed;
use crate::limits;
use crate::plugin::hyper_body::{self, CutOff, ResponseBody};
use crate::plugin::response::{Content, Response as PluginResponse};
use crate::typed::MediaType;

/// A comment, which readers of event streams skip.
const HEARTBEAT: &[u8] = b":\n\n";

/// A response's body. A stream of bytes that fails is cut off, also for callers that would read why in a
/// trailer: proxies drop trailers, and then the body would look complete.
pub(super) struct RemoteBody {
    inner: ResponseBody,
    /// When an event stream says next that it lives, so that no proxy takes it for idle.
    heartbeat: Option<Pin<Box<Sleep>>>,
    /// The body of the request, if the method still reads it.
    feed: Option<Feed>,
    _request: Option<RequestGuard>,
}

impl RemoteBody {
    /// A response in hyper's types.
    pub(super) fn response(response: PluginResponse) -> Response<Self> {
        let has_events = match &response.content {
            Content::Callbacks(_) => true,
            Content::Result(result) => result.items() == MediaType::Json,
            Content::Full(_) | Content::Parts(_) => false,
        };
        let heartbeat = has_events.then(|| Box::pin(sleep(limits::HEARTBEAT_INTERVAL)));
        hyper_body::response(response).map(|inner| Self { heartbeat, ..Self::from(inner) })
    }

    /// The same body, which reads the request's meanwhile.
    pub(super) fn reading(self, feed: Feed) -> Self {
        Self { feed: Some(feed), ..self }
    }

    /// The same body of this request, which is in flight until the body ends.
    pub(super) fn of(self, request: RequestGuard) -> Self {
        Self { _request: Some(request), ..self }
    }

    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<Frame<Bytes>> {
        let Some(timer) = &mut self.heartbeat else { return Poll::Pending };
        timer.as_mut().poll(cx).map(|()| Frame::data(Bytes::from_static(HEARTBEAT)))
    }
}

impl From<ResponseBody> for RemoteBody {
    fn from(inner: ResponseBody) -> Self {
        Self { inner, heartbeat: None, feed: None, _request: None }
    }
}

impl Body for RemoteBody {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let this = &mut *self;
        let mut frame = Pin::new(&mut this.inner).poll_frame(cx);
        if frame.is_pending()
            && let Some(feed) = &mut this.feed
            // A stream has no budget behind its head. What is read here wakes the method.
            && feed.poll(cx).is_ready()
        {
            this.feed = None;
        }
        if frame.is_pending() {
            frame = this.poll_heartbeat(cx).map(|frame| Some(Ok(frame)));
        }
        if frame.is_ready()
            && let Some(timer) = &mut this.heartbeat
        {
            timer.as_mut().reset(Instant::now() + limits::HEARTBEAT_INTERVAL);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt;

    use super::*;
    use crate::plugin::callbacks::Hub;
    use crate::typed::Payload;

    #[tokio::test(start_paused = true)]
    async fn a_stream_without_events_says_that_it_lives() {
        let hub = Arc::new(Hub::new(limits::CALLBACK_RESUME, limits::MAX_BODY));
        let stream = hub.open_stream(Some("h"), vec!["tick".into()], None).unwrap();
        let response = RemoteBody::response(PluginResponse::callbacks(stream));
        let mut body = response.into_body();
        let mut next = async || {
            let began = Instant::now();
            let frame = body.frame().await?.unwrap();
            Some((frame.into_data().unwrap(), began.elapsed()))
        };
        for _ in 0..2 {
            let (data, after) = next().await.unwrap();
            assert_eq!(data, HEARTBEAT);
            assert!(after >= limits::HEARTBEAT_INTERVAL, "{after:?}");
        }
        let payload = Payload { data: b"1", media_type: MediaType::Json };
        hub.notify("tick", payload).await.unwrap();
        assert_eq!(next().await.unwrap().0, "id: 1\nevent: tick\ndata: 1\n\n");
        hub.close();
        assert_eq!(next().await, None);
    }
}
