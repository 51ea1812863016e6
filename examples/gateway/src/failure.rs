//! What a client is told when a request fails.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use gateway::Refusal;
use goplug::{CallError, Error};
use serde::Serialize;

/// Why a request fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No plugin has this name.
    #[error("there is no plugin {plugin:?}")]
    NoRoute { plugin: String },
    /// The plugin does not take the file.
    #[error(transparent)]
    Refused(Refusal),
    /// The call of the plugin has failed.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<CallError<Refusal>> for Failure {
    fn from(error: CallError<Refusal>) -> Self {
        match error {
            CallError::Method(refusal) => Self::Refused(refusal),
            CallError::Goplug(error) => Self::Failed(error),
        }
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoRoute { .. } => StatusCode::NOT_FOUND,
            Self::Refused(Refusal::NotEntered { .. }) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Failed(error) => match error {
                Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                Error::Unavailable { .. } | Error::Stopped => StatusCode::SERVICE_UNAVAILABLE,
                Error::Deadline { .. } => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            },
        }
    }
}

#[derive(Serialize)]
struct Body {
    error: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let text = self.to_string();
        if status.is_server_error() {
            tracing::error!("{text}");
        }
        // What a plugin has printed, as the error of a crash shows it, is not for clients.
        let error = text.lines().next().unwrap_or_default().to_owned();
        (status, Json(Body { error })).into_response()
    }
}
