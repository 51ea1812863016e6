//! The result of a call as a stream, wherever its plugin is.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use super::error::SendError;
use super::local::LocalEndpoint;
use super::result_stream::{BodySource, ResultStream};

/// The result of a call as a stream, wherever its plugin is.
pub(in crate::host) enum CallStream<C, R> {
    /// On a connection to a socket of this machine.
    Local(ResultStream<C>),
    /// From a plugin that serves a network.
    Remote(R),
}

impl<C: Send + Unpin, R: BodySource> BodySource for CallStream<C, R>
where
    ResultStream<C>: BodySource,
{
    const BLOCKS: bool = R::BLOCKS;

    fn begin(&mut self) {
        match self {
            Self::Local(stream) => stream.begin(),
            Self::Remote(stream) => stream.begin(),
        }
    }

    fn is_events(&self) -> bool {
        match self {
            Self::Local(stream) => stream.is_events(),
            Self::Remote(stream) => stream.is_events(),
        }
    }

    fn poll_part(
        &mut self,
        idle: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, SendError>> {
        match self {
            Self::Local(stream) => stream.poll_part(idle, cx),
            Self::Remote(stream) => stream.poll_part(idle, cx),
        }
    }

    fn give_back(self, local: Option<&LocalEndpoint>) {
        match self {
            Self::Local(stream) => stream.give_back(local),
            Self::Remote(stream) => stream.give_back(local),
        }
    }
}
