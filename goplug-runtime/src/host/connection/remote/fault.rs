//! What is wrong on the way to a remote plugin, in words: the errors of hyper and rustls, and of the
//! system beneath them.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use crate::host::connection::error::SendError;

/// What is wrong on the way, for people. It holds no secret.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    kind: ErrorKind,
    text: String,
    /// Whether the plugin, or what is before it, certainly has not begun a request that met this.
    pub(super) is_before_requests: bool,
    /// Whether the request was given back: it was not begun, and another connection may take it.
    pub(super) is_refusal: bool,
    /// Whether the other side has ended the answer before its end. Its head may be lost with it.
    pub(super) is_reset: bool,
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.kind, fault.text)
    }
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { kind, text, is_before_requests: false, is_refusal: false, is_reset: false }
    }

    /// The error of an answer that was not whole.
    pub(super) fn cut_off(self) -> SendError {
        let text = format!("the answer was cut off: {}", self.text);
        SendError::Broken(io::Error::new(ErrorKind::UnexpectedEof, text))
    }

    /// What this error means. `is_secure` says whether TLS is spoken.
    pub(super) fn of(error: &(dyn StdError + 'static), is_secure: bool) -> Self {
        let mut found = None;
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Self::of_tls(error);
            }
            if let Some(error) = error.downcast_ref::<hyper::Error>()
                && (error.is_parse() || error.is_parse_too_large())
                && found.is_none()
            {
                found = Some(Self::of_parse(error, is_secure));
            }
            if let Some(error) = error.downcast_ref::<h2::Error>()
                && let Some(reason) = error.reason()
                && (error.is_reset() || reason == h2::Reason::REFUSED_STREAM)
            {
                return Self::of_reset(reason, error.is_remote());
            }
            next = error.source();
            if let Some(error) = error.downcast_ref::<io::Error>() {
                // Its source would be that of the error within it.
                next = error.get_ref().map(|within| within as &(dyn StdError + 'static));
                if error.kind() == ErrorKind::UnexpectedEof {
                    // The text of rustls for it is for people who write servers.
                    found = found.or_else(|| Some(Self::of_end()));
                } else if next.is_none() && found.is_none() {
                    found = Some(Self::new(error.kind(), error.to_string()));
                }
            }
        }
        let is_incomplete =
            error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message);
        found.unwrap_or_else(|| match is_incomplete {
            true => Self::of_end(),
            false => Self::new(ErrorKind::ConnectionAborted, texts_of(error)),
        })
    }

    /// The other side has closed the connection.
    fn of_end() -> Self {
        let fault = Self::new(ErrorKind::UnexpectedEof, "the connection was closed");
        Self { is_reset: true, ..fault }
    }

    fn of_parse(error: &hyper::Error, is_secure: bool) -> Self {
        let advice = if is_secure { "" } else { "; perhaps it speaks TLS, so its URL is `https`" };
        let text = match error.is_parse_too_large() {
            true => "the head of its answer is too large".into(),
            false => format!("not HTTP: {}{advice}", texts_of(error)),
        };
        Self::new(ErrorKind::InvalidData, text)
    }

    fn of_reset(reason: h2::Reason, is_remote: bool) -> Self {
        let is_refusal = reason == h2::Reason::REFUSED_STREAM;
        let text = match is_refusal {
            true => "it has given the request back".into(),
            false => format!("the stream was reset ({})", reason.description()),
        };
        let fault = Self::new(ErrorKind::ConnectionAborted, text);
        Self { is_refusal: is_refusal && is_remote, is_reset: !is_refusal && is_remote, ..fault }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        let text = match error {
            rustls::Error::InvalidCertificate(error) => of_certificate(error),
            rustls::Error::AlertReceived(alert) => return Self::of_alert(*alert),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                "it does not speak TLS there; perhaps it speaks plain HTTP".into()
            }
            rustls::Error::PeerIncompatible(reason) => {
                format!("there is no version or cipher of TLS that both ends speak: {reason:?}")
            }
            other => format!("TLS failed: {other}"),
        };
        Self { is_before_requests: true, ..Self::new(ErrorKind::InvalidInput, text) }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        use AlertDescription as Alert;
        let text = match alert {
            Alert::CertificateRequired | Alert::NoCertificate => {
                "it asks for a client certificate, and this host has none for it".into()
            }
            Alert::CertificateExpired => {
                "it refuses this host's certificate: it has expired".into()
            }
            Alert::CertificateRevoked => {
                "it refuses this host's certificate: it was revoked".into()
            }
            Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateUnknown
            | Alert::DecryptError
            | Alert::AccessDenied => format!("it refuses this host's certificate ({alert:?})"),
            Alert::UnrecognisedName => "it serves nothing under this name".into(),
            other => format!("it ended TLS with the alert {other:?}"),
        };
        // Whom a server does not let in, it does not listen to.
        Self { is_before_requests: true, ..Self::new(ErrorKind::PermissionDenied, text) }
    }
}

fn of_certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired, or the clock of this machine is wrong".into()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet, or the clock of this machine is wrong".into()
        }
        CertificateError::Revoked => "its certificate was revoked".into(),
        CertificateError::UnknownIssuer => {
            "its certificate is of no root that this host trusts for it".into()
        }
        CertificateError::NotValidForName => {
            "its certificate is of another name than the host in its URL".into()
        }
        CertificateError::NotValidForNameContext { presented, .. } => format!(
            "its certificate is of another name than the host in its URL: of {}",
            presented.join(", ")
        ),
        other => format!("its certificate is not valid: {other}"),
    }
}

/// The text of an error and of its causes.
fn texts_of(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
