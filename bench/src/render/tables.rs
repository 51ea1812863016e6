//! A report as Markdown: a table for each figure, with a line for each peer and a column for
//! each placement.

use std::fmt::Write;

use super::number::number;
use crate::results::{Cell, Report};
use crate::vocabulary::Placement;

const LEGEND: &str = "\
Each cell is the median over the rounds; in brackets its ratio to the bare tokio socket of the
same round, and how far the middle half of the rounds reaches.
";

/// All tables, and what was not measured.
pub(crate) fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let Report { machine, scale, rounds, seconds, .. } = report;
    let machine = machine.line();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{machine}.\nA {scale} run: up to {rounds} rounds, {seconds} s.\n\n{LEGEND}"
    );
    let mut figures: Vec<_> = report.cells.iter().map(|cell| (cell.figure, cell.unit)).collect();
    figures.dedup();
    let mut done = Vec::new();
    for (figure, unit) in figures {
        if !done.contains(&figure) {
            done.push(figure);
            let cells = report.cells.iter().filter(|cell| cell.figure == figure).collect();
            let _ = writeln!(text, "### {figure}, in {unit}\n\n{}", table(cells));
        }
    }
    if !report.skipped.is_empty() {
        text.push_str("### Not measured\n\n");
        for skipped in &report.skipped {
            let _ = writeln!(text, "- {}: {}", skipped.what, skipped.why);
        }
    }
    text
}

/// The table of one figure.
fn table(cells: Vec<&Cell>) -> String {
    let is_measured = |placement: &Placement| cells.iter().any(|c| c.placement == placement.name());
    let placements: Vec<_> = Placement::ALL.into_iter().filter(is_measured).collect();
    let mut peers: Vec<&str> = Vec::new();
    for cell in &cells {
        if !peers.contains(&cell.peer) {
            peers.push(cell.peer);
        }
    }
    let mut lines = vec![vec!["".to_owned()]];
    lines[0].extend(placements.iter().map(|placement| placement.title().to_owned()));
    for peer in peers {
        let at = |placement: &Placement| {
            let is_here = |cell: &&&Cell| cell.peer == peer && cell.placement == placement.name();
            cells.iter().find(is_here).map_or("–".to_owned(), |cell| entry(cell))
        };
        let mut line = vec![peer.to_owned()];
        line.extend(placements.iter().map(at));
        lines.push(line);
    }
    aligned(&lines)
}

/// The median, and in brackets the ratio and the spread.
fn entry(cell: &Cell) -> String {
    let ratio = cell.ratio.map_or("–".into(), |ratio| format!("{ratio:.2} ×"));
    let spread = cell.spread * 100.0;
    format!("{} ({ratio}, {spread:.0} %)", number(cell.median))
}

/// A Markdown table whose columns are aligned in the source text, too.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, "| {cell:<width$} |"),
                _ => write!(text, " {cell:>width$} |"),
            };
        }
        text.push('\n');
        if index == 0 {
            for (column, width) in widths.iter().enumerate() {
                let _ = match column {
                    0 => write!(text, "|-{:-<width$}-|", ""),
                    _ => write!(text, "-{:-<width$}:|", ""),
                };
            }
            text.push('\n');
        }
    }
    text
}
