//! What the command prints: text for people, JSON for programs.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use comfy_table::{CellAlignment, Table, presets};
use serde::{Serialize, Serializer};

use crate::failure::{Failure, Outcome, Status};

/// A text that leaves a terminal as it is: control characters are written out.
pub(crate) fn visible(text: &str) -> String {
    let shown = |letter: char| match letter.is_control() {
        true => letter.escape_default().to_string(),
        false => letter.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Writes a path into a document, which is text: what of it is not UTF-8 is replaced.
pub(crate) fn path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Where and how the command prints.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    /// Whether standard output is a terminal whose user wants colours.
    styled: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        // https://no-color.org: any value that is not empty.
        let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json, styled: !wants_none && io::stdout().is_terminal() }
    }

    /// Whether programs read the output.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Prints a text, which ends its own lines.
    pub(crate) fn text(&self, text: &str) -> Outcome<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints a line.
    pub(crate) fn line(&self, line: &str) -> Outcome<()> {
        self.text(&format!("{line}\n"))
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Outcome<()> {
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
        written.map_err(|error| Failure::from(error).about("standard output"))
    }

    /// Prints a document, which people can read as well.
    pub(crate) fn document(&self, document: &impl Serialize) -> Outcome<()> {
        let text = serde_json::to_string_pretty(document).map_err(io::Error::from)?;
        self.line(&text)
    }

    /// Prints a table without borders. The columns `right` are numbers.
    pub(crate) fn table(
        &self,
        header: &[&str],
        right: &[usize],
        rows: Vec<Vec<String>>,
    ) -> Outcome<()> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(header.iter().map(|title| self.bold(title)));
        table.add_rows(rows.iter().map(|row| row.iter().map(|cell| visible(cell))));
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if right.contains(&index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines: Vec<_> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        self.line(&lines.join("\n"))
    }

    /// A text that stands out, on a terminal.
    pub(crate) fn bold(&self, text: &str) -> String {
        if self.styled { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Says on standard error what is not a part of the result.
    pub(crate) fn note(&self, text: &str) {
        // There is nobody else to tell.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Says why a verb failed, and returns the exit status.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if failure.is_closed_output() {
            return Status::Success.into();
        }
        match self.json {
            true => self.note(&failure.json()),
            false => self.note(&format!("goplug: {}", failure.line())),
        }
        failure.status.into()
    }
}
