//! From a request of the network to its response.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};

use super::activity::Activity;
use super::body::RemoteBody;
use super::instance::Signature;
use super::security::Security;
use super::{replies, streamed};
use crate::limits;
use crate::plugin::callbacks::Hangup;
use crate::plugin::hyper_body::{self, BodyError};
use crate::plugin::lifecycle::Phase;
use crate::plugin::problems::bad_request;
use crate::plugin::request_handler::{Answer, RequestHandler};
use crate::plugin::response::{Response as PluginResponse, ResponseGuard};
use crate::plugin::route::{ControlRequest, Route};
use crate::plugin::select::{with_context, within};
use crate::protocol::{Dialect, Problem, ProblemKind, wire};

/// What answers the requests of all connections.
pub(super) struct Service {
    pub(super) handler: Arc<RequestHandler>,
    pub(super) security: Arc<Security>,
    pub(super) signature: Arc<Signature>,
}

/// The connection that a request came on.
pub(super) struct Peer {
    /// Its number among all connections of the server.
    pub(super) connection: u64,
    /// Whether its caller has a certificate of the roots that were given.
    pub(super) has_certificate: bool,
    pub(super) activity: Arc<Activity>,
}

impl Service {
    /// Answers a request. Dropping the future drops the method's handler.
    ///
    /// # Errors
    /// [`Hangup`] means that the connection ends without an answer.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
    ) -> Result<Response<RemoteBody>, Hangup> {
        let request_guard = peer.activity.begin(request.version() == Version::HTTP_2);
        let (head, body) = request.into_parts();
        if let Some(status) = self.probed(&head) {
            return Ok(empty(status).map(|body| body.of(request_guard)));
        }
        let security = self.security.current();
        if let Err(problem) = security.admit(&head.headers, peer.has_certificate) {
            let mut refusal = refused(&problem);
            if problem.kind() == ProblemKind::Unauthorized && security.asks_for_tokens() {
                refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            return Ok(refusal.map(|body| body.of(request_guard)));
        }
        drop(security);
        peer.activity.set_known();
        let mut response = match self.signature.check(&head.headers) {
            Ok(()) => self.admitted(&head, body, peer.connection).await?,
            Err(problem) => refused(&problem),
        };
        self.signature.sign(&head.headers, response.headers_mut());
        let is_last = self.handler.lifecycle().phase() >= Phase::Stopping;
        if is_last && head.version < Version::HTTP_2 {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response.map(|body| body.of(request_guard)))
    }

    /// The answer to an engine or a balancer that asks whether the plugin lives, and whether it takes calls;
    /// `None` for other requests.
    fn probed(&self, head: &Parts) -> Option<StatusCode> {
        if head.method != Method::GET {
            return None;
        }
        match head.uri.path() {
            wire::LIVE_PATH => Some(StatusCode::OK),
            wire::READY_PATH if self.handler.lifecycle().phase() == Phase::Active => {
                Some(StatusCode::OK)
            }
            wire::READY_PATH => Some(StatusCode::SERVICE_UNAVAILABLE),
            _ => None,
        }
    }

    /// Answers a request of a caller that may call.
    async fn admitted(
        &self,
        head: &Parts,
        body: Incoming,
        connection: u64,
    ) -> Result<Response<RemoteBody>, Hangup> {
        let fields = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let timeout = head.headers.get(wire::HEADER_TIMEOUT).map(|value| value.as_bytes());
        let route = self.handler.route(head.method.as_str(), head.uri.path(), timeout, fields);
        match route {
            Route::Incoming(call) => streamed::answer(&self.handler, *call, body, connection).await,
            Route::Replies(headers) => {
                Ok(match replies::read(&self.handler, &headers, body).await {
                    Ok(()) => {
                        let (media_type, guard) = (wire::OCTET_STREAM, ResponseGuard::default());
                        let response = PluginResponse::ok(Bytes::new(), media_type, guard);
                        RemoteBody::response(response)
                    }
                    Err(problem) => refused(&problem),
                })
            }
            Route::Invalid(problem) => Ok(refused(&problem)),
            Route::Control(request) => match self.checked(&request).await {
                Ok(()) => self.whole(Route::Control(request), body, connection).await,
                Err(problem) => Ok(refused(&problem)),
            },
            route @ Route::Call(..) => self.whole(route, body, connection).await,
        }
    }

    /// Answers a request whose body has to be there as a whole.
    async fn whole(
        &self,
        route: Route<'_>,
        body: Incoming,
        connection: u64,
    ) -> Result<Response<RemoteBody>, Hangup> {
        let handler = &self.handler;
        let settings = handler.settings();
        let body = match hyper_body::read(body, settings.body_limit, settings.peer_idle).await {
            Ok(body) => body,
            Err(BodyError::Broken(problem)) => return Ok(refused(&problem)),
            Err(BodyError::TooLarge(problem, rest)) => {
                return Ok(hyper_body::refusal(&problem, rest).map(RemoteBody::from));
            }
        };
        match with_context(|cx| handler.begin(route, body, cx)).await {
            Answer::Ready(response) => Ok(RemoteBody::response(response)),
            Answer::Pending(pending) => {
                handler.finish(pending, connection).await.map(RemoteBody::response)
            }
        }
    }

    /// Checks a request that the protocol reserves: what one host may ask of a plugin that serves many. An
    /// activation waits until the plugin has activated itself, and finds that done.
    ///
    /// # Errors
    /// The problem that the request is answered with.
    async fn checked(&self, request: &ControlRequest) -> Result<(), Problem> {
        match request {
            ControlRequest::Activate { budget, .. } => {
                let limit = budget.unwrap_or(limits::START_TIMEOUT).min(limits::MAX_DURATION);
                self.until_active(limit).await;
                Ok(())
            }
            ControlRequest::Stop(_) => Err(bad_request(
                "this plugin serves other hosts too, and no host stops it: whoever started it does, by SIGTERM",
            )),
            ControlRequest::RegisterCallback(headers) if headers.dialect() == Dialect::GoPlug1 => {
                Err(bad_request("callbacks over the network need the header Goplug-Protocol: 2"))
            }
            _ => Ok(()),
        }
    }

    async fn until_active(&self, limit: Duration) {
        // Else the plugin is not active yet, which the handler says.
        let _ = within(limit, pin!(self.handler.lifecycle().reached(Phase::Active))).await;
    }
}

fn refused(problem: &Problem) -> Response<RemoteBody> {
    RemoteBody::response(PluginResponse::problem(problem, ResponseGuard::default()))
}

fn empty(status: StatusCode) -> Response<RemoteBody> {
    let (media_type, guard) = (wire::OCTET_STREAM, ResponseGuard::default());
    let mut response = RemoteBody::response(PluginResponse::ok(Bytes::new(), media_type, guard));
    *response.status_mut() = status;
    response
}
