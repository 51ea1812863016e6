//! A line of the report.

use serde::Serialize;

use crate::failure::one_line;

/// What was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    ok: bool,
    what: String,
    found: String,
    /// What to type.
    #[serde(rename = "try")]
    remedy: Option<String>,
}

impl Finding {
    pub(super) fn well(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { ok: true, what: what.into(), found: found.into(), remedy: None }
    }

    pub(super) fn ill(
        what: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { ok: false, what: what.into(), found: found.into(), remedy: Some(remedy.into()) }
    }

    /// Well if this is true, and else ill with this remedy.
    pub(super) fn of(
        is_well: bool,
        what: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        if is_well { Self::well(what, found) } else { Self::ill(what, found, remedy) }
    }

    pub(super) fn is_well(&self) -> bool {
        self.ok
    }

    pub(super) fn row(&self) -> Vec<String> {
        let mark = if self.ok { "ok" } else { "!!" };
        let remedy = self.remedy.clone().unwrap_or_default();
        vec![mark.into(), self.what.clone(), one_line(&self.found), remedy]
    }
}
