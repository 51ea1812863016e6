//! A report as an SVG chart: a panel for each of a few figures, with a bar for each peer.
//!
//! The SVG is written by hand, because bars need no library.

use std::fmt::Write;

use super::number::number;
use crate::results::{Cell, Report};
use crate::vocabulary::{Placement, RowName};

/// What each panel shows, and whether less is better.
const PANELS: [(RowName, Placement, bool); 4] = [
    (RowName::Add, Placement::OneCore, true),
    (RowName::InFlight, Placement::AsIs, false),
    (RowName::Take, Placement::AsIs, false),
    (RowName::JoinedCallbacks, Placement::AsIs, false),
];

const WIDTH: usize = 760;
/// Where bars begin, from the left.
const LEFT: usize = 310;
/// The length of the longest bar. Its number stands to the right of it.
const LONGEST: f64 = 370.0;
const BAR: usize = 16;
const LINE: usize = 22;
const HEADING: usize = 30;
const MARGIN: usize = 16;

/// The chart as the text of an SVG file.
pub(super) fn svg(report: &Report) -> String {
    let mut body = String::new();
    let mut y = MARGIN;
    for (row, placement, less_is_better) in PANELS {
        // The first figure of a row is the most important one.
        let Some(figure) = row.figures().first() else { continue };
        let is_shown =
            |cell: &&Cell| cell.figure == figure.title && cell.placement == placement.name();
        let cells: Vec<_> = report.cells.iter().filter(is_shown).collect();
        if !cells.is_empty() {
            let direction = if less_is_better { "less is better" } else { "more is better" };
            let title = figure.title.replace('`', "");
            let heading = format!("{title}, {}, {} ({direction})", figure.unit, placement.title());
            panel(&mut body, &mut y, &heading, &cells);
        }
    }
    let height = y;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

/// Appends a panel to the body of the chart, and moves `y` below it.
fn panel(body: &mut String, y: &mut usize, heading: &str, cells: &[&Cell]) {
    let longest = cells.iter().map(|cell| cell.median).fold(f64::MIN_POSITIVE, f64::max);
    let heading = escaped(heading);
    // Writing to a string cannot fail.
    let _ = writeln!(
        body,
        "<text x=\"{MARGIN}\" y=\"{}\" font-weight=\"bold\">{heading}</text>",
        *y + 14
    );
    *y += HEADING;
    for cell in cells {
        let peer = cell.peer.replace("**", "");
        let is_ours = peer.starts_with("goplug");
        let colour = if is_ours { "#c2410c" } else { "#94a3b8" };
        let weight = if peer == "goplug" { "bold" } else { "normal" };
        let width = (cell.median / longest * LONGEST).max(1.0);
        let _ = writeln!(
            body,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"{weight}\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{BAR}\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"{}\">{}</text>",
            LEFT - 8,
            *y + 13,
            escaped(&peer),
            LEFT as f64 + width + 6.0,
            *y + 13,
            number(cell.median),
        );
        *y += LINE;
    }
    *y += MARGIN;
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
