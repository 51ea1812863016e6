//! One connection of the network, from its handshake to its end.

use std::pin::pin;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::activity::Activity;
use super::service::{Peer, Service};
use super::tls::H2;
use crate::http1::MAX_HEAD;
use crate::limits;
use crate::plugin::lifecycle::Phase;
use crate::plugin::select::{Either, select, within};

/// Serves one connection until its peer or the plugin ends it. `number` is its number among all connections
/// of the server.
pub(super) async fn serve(
    stream: TcpStream,
    service: Arc<Service>,
    activity: Arc<Activity>,
    number: u64,
) {
    // A caller waits for each answer.
    let _ = stream.set_nodelay(true);
    let _registrations = service.handler.connected(number);
    let mut peer = Peer { connection: number, has_certificate: false, activity };
    let builder = Builder::new(TokioExecutor::new());
    let security = service.security.current();
    if security.tls().is_none() {
        return answer(stream, builder, service, peer).await;
    }
    let handshake = timeout(limits::HANDSHAKE_TIMEOUT, async {
        security.tls().map(|tls| tls.accept(stream))?.await.ok()
    });
    let told = peer.activity.over(limits::HANDSHAKE_TIMEOUT);
    // A peer that speaks no TLS, or has a wrong certificate, is told so by TLS.
    let Either::Left(Ok(Some(stream))) = select(handshake, told).await else { return };
    drop(security);
    let (_, session) = stream.get_ref();
    peer.has_certificate = session.peer_certificates().is_some();
    let builder = if session.alpn_protocol() == Some(H2) {
        builder.http2_only()
    } else {
        builder.http1_only()
    };
    answer::<TlsStream<TcpStream>>(stream, builder, service, peer).await;
}

/// Answers the requests of a connection.
async fn answer<S>(
    stream: S,
    mut builder: Builder<TokioExecutor>,
    service: Arc<Service>,
    peer: Peer,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    set_limits(&mut builder);
    let (lifecycle, activity) = (service.handler.lifecycle().clone(), Arc::clone(&peer.activity));
    let stranger = service.handler.settings().peer_idle;
    let peer = Arc::new(peer);
    let answered = service_fn(move |request| {
        let (service, peer) = (Arc::clone(&service), Arc::clone(&peer));
        async move { service.answer(request, &peer).await }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answered));
    let draining = async {
        lifecycle.reached(Phase::Stopping).await;
        // Requests by HTTP/1.1 learn it from their responses: ending an idle connection might meet a request.
        if !activity.is_h2() {
            lifecycle.reached(Phase::Closing).await;
        }
    };
    let over = select(draining, activity.over(stranger));
    let Either::Right(reason) = select(connection.as_mut(), over).await else {
        // A peer's mistake ends its own connection, and nobody else needs to know what it was.
        return;
    };
    match reason {
        Either::Left(()) => {
            connection.as_mut().graceful_shutdown();
            select(connection.as_mut(), lifecycle.reached(Phase::Closing)).await;
        }
        // Others wait for its place.
        Either::Right(()) if !activity.is_known() => return,
        Either::Right(()) => {
            connection.as_mut().graceful_shutdown();
            // A request may have come at the last moment.
            let over = select(activity.quiet(), lifecycle.reached(Phase::Closing));
            select(connection.as_mut(), over).await;
        }
    }
    let ended = async {
        let _ = connection.as_mut().await;
    };
    let _ = within(limits::FLUSH_TIMEOUT, pin!(ended)).await;
}

/// Sets what one connection may have. The end of a connection without a request is seen to elsewhere, for both
/// versions alike.
fn set_limits(builder: &mut Builder<TokioExecutor>) {
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits::HEARTBEAT_INTERVAL)
        .keep_alive_timeout(limits::HEARTBEAT_TIMEOUT)
        .max_concurrent_streams(limits::MAX_CONCURRENT_STREAMS)
        .max_header_list_size(MAX_HEAD as u32);
}
