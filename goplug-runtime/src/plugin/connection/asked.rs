//! What a request asks for, before its body is there.

use std::time::Duration;

use crate::http1::{BodyLength, RequestHead};
use crate::plugin::request::{self, Headers, bad_request};
use crate::plugin::service::Service;
use crate::protocol::{Problem, wire};
use crate::typed::Handler;

/// What a request asks for.
pub(super) enum Asked<'s> {
    /// A call, of a caller who names no impossible budget.
    Call(Call<'s>),
    /// Whatever else the protocol has an answer to.
    Other(String, Headers),
    /// Nothing that could be understood.
    Nothing(Problem),
}

/// A call: who answers it, and within what budget.
#[derive(Clone, Copy)]
pub(super) struct Call<'s> {
    pub(super) handler: &'s Handler,
    pub(super) budget: Option<Duration>,
}

/// How the body of a request comes, and what is to come after it.
#[derive(Clone, Copy)]
pub(super) struct Coming {
    pub(super) length: BodyLength,
    /// Whether the peer waits with it until it is told to go on.
    pub(super) expects_continue: bool,
    /// Whether another request may follow.
    pub(super) keep_alive: bool,
}

impl Coming {
    pub(super) fn of(head: &RequestHead<'_, '_>) -> Self {
        let RequestHead { length, expects_continue, keep_alive, .. } = *head;
        Self { length, expects_continue, keep_alive }
    }
}

impl<'s> Asked<'s> {
    pub(super) fn of(head: &RequestHead<'_, '_>, service: &'s Service) -> Self {
        if head.method != "POST" {
            return Self::Nothing(bad_request(format!("{} is not POST", head.method)));
        }
        let method = wire::method_of_path(head.path);
        let Some(handler) = method.and_then(|name| service.handler(&name)) else {
            return Self::Other(head.path.to_owned(), Headers::of(head.headers()));
        };
        match request::budget(head.timeout) {
            Ok(budget) => Self::Call(Call { handler, budget }),
            Err(problem) => Self::Nothing(problem),
        }
    }
}
