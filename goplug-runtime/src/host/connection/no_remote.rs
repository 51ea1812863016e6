//! What stands in the place of `remote` without that feature: no plugin serves a network, and no value of
//! these types is ever made.

use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::error::SendError;
use super::event_stream::Opened;
use super::exchange::StreamingTimes;
use super::local::{Admission, LocalEndpoint};
use super::request_body::RequestBody;
use super::result_stream::{Begun, BodySource};
use crate::http1::{Request, Response};
use crate::protocol::RemoteUrl;

/// Where a plugin serves a network: there is none.
pub(in crate::host) enum RemoteEndpoint {}

/// The result of a call of such a plugin.
pub(in crate::host) enum RemoteStream {}

/// The result of such a call whose caller blocks.
pub(in crate::host) enum BlockingRemoteStream {}

/// The callbacks of such a plugin.
pub(in crate::host) enum RemoteEvents {}

impl RemoteEvents {
    pub(super) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        match *self {}
    }
}

impl RemoteEndpoint {
    pub(in crate::host) async fn trouble(&self) {
        match *self {}
    }

    pub(in crate::host) async fn renew(&self) {
        match *self {}
    }

    pub(super) fn url(&self) -> &RemoteUrl {
        match *self {}
    }

    pub(super) fn max_connections(&self) -> usize {
        match *self {}
    }

    pub(super) fn body_limit(&self) -> usize {
        match *self {}
    }

    pub(super) async fn send(
        &self,
        _: &Request<'_>,
        _: Instant,
        _: Admission,
    ) -> Result<Response, SendError> {
        match *self {}
    }

    pub(super) fn send_blocking(
        &self,
        _: &Request<'_>,
        _: Instant,
        _: Admission,
    ) -> Result<Response, SendError> {
        match *self {}
    }

    pub(super) async fn open_stream(
        &self,
        _: &Request<'_>,
        _: Duration,
    ) -> io::Result<Opened<RemoteEvents>> {
        match *self {}
    }

    pub(super) async fn send_body(
        &self,
        _: &Request<'_>,
        _: &RequestBody,
        _: StreamingTimes,
        _: Instant,
    ) -> Result<Response, SendError> {
        match *self {}
    }

    pub(super) async fn send_body_for_stream(
        &self,
        _: &Request<'_>,
        _: &RequestBody,
        _: StreamingTimes,
        _: Instant,
    ) -> Result<Begun<RemoteStream>, SendError> {
        match *self {}
    }

    pub(super) fn send_body_blocking(
        &self,
        _: &Request<'_>,
        _: &RequestBody,
        _: StreamingTimes,
        _: Instant,
    ) -> Result<Response, SendError> {
        match *self {}
    }

    pub(super) fn send_body_for_stream_blocking(
        &self,
        _: &Request<'_>,
        _: &RequestBody,
        _: StreamingTimes,
        _: Instant,
    ) -> Result<Begun<BlockingRemoteStream>, SendError> {
        match *self {}
    }

    pub(super) async fn send_for_stream(
        &self,
        _: &Request<'_>,
        _: Instant,
        _: Admission,
    ) -> Result<Begun<RemoteStream>, SendError> {
        match *self {}
    }

    pub(super) fn send_for_stream_blocking(
        &self,
        _: &Request<'_>,
        _: Instant,
        _: Admission,
    ) -> Result<Begun<BlockingRemoteStream>, SendError> {
        match *self {}
    }

    pub(super) fn close(&self) {
        match *self {}
    }
}

impl BodySource for RemoteStream {
    const BLOCKS: bool = false;

    fn begin(&mut self) {
        match *self {}
    }

    fn is_events(&self) -> bool {
        match *self {}
    }

    fn poll_part(
        &mut self,
        _: Duration,
        _: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        match *self {}
    }

    fn give_back(self, _: Option<&LocalEndpoint>) {
        match self {}
    }
}

impl BodySource for BlockingRemoteStream {
    const BLOCKS: bool = true;

    fn begin(&mut self) {
        match *self {}
    }

    fn is_events(&self) -> bool {
        match *self {}
    }

    fn poll_part(
        &mut self,
        _: Duration,
        _: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        match *self {}
    }

    fn give_back(self, _: Option<&LocalEndpoint>) {
        match self {}
    }
}
