//! A line of the report.

use serde::Serialize;

use crate::failure::one_line;
use crate::output::visible;

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

    /// How wide the first column has to be.
    pub(super) fn width(&self) -> usize {
        visible(&self.what).chars().count()
    }

    /// A line, and one below it with what to type.
    pub(super) fn text(&self, width: usize) -> String {
        let Self { what, found, .. } = self;
        let mark = if self.ok { "ok" } else { "!!" };
        let (what, found) = (visible(what), visible(&one_line(found)));
        let line = format!("{mark}  {what:width$}  {found}");
        match &self.remedy {
            Some(remedy) => format!("{line}\n{:1$}try: {2}", "", width + 6, visible(remedy)),
            None => line,
        }
    }
}
