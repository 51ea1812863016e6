//! The report at the end: the work of each plugin, and how long it took.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crate::links::DeadLink;
use crate::pipeline::{Outcome, Work};

/// The report as text.
pub(crate) fn render(outcome: &Outcome, dead_links: &[DeadLink], out: &Path) -> String {
    let mut text = String::new();
    let pages = outcome.pages.len();
    let s = if pages == 1 { "" } else { "s" };
    let _ = writeln!(text, "{pages} page{s} in {}\n", out.display());
    table(&mut text, &outcome.work);
    figures(&mut text, &outcome.work);
    for link in dead_links {
        let _ = writeln!(text, "{} links to {}, which is not part of the site", link.page, link.to);
    }
    for failure in &outcome.failures {
        let plugin = failure.plugin.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let _ = writeln!(text, "{} was not rendered: {plugin}{}", failure.path, failure.reason);
    }
    text
}

fn table(text: &mut String, work: &[Work]) {
    let head = ["plugin", "stage", "pages", "failed", "reports", "time", "share"].map(String::from);
    let total: Duration = work.iter().map(|work| work.took).sum();
    let rows: Vec<_> = std::iter::once(head).chain(work.iter().map(|w| row(w, total))).collect();
    let widths: [usize; 7] = std::array::from_fn(|column| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
    });
    for row in &rows {
        let [name, stage, numbers @ ..] = row;
        let _ = write!(text, "{name:<0$}  {stage:<1$}", widths[0], widths[1]);
        for (number, width) in numbers.iter().zip(&widths[2..]) {
            let _ = write!(text, "  {number:>width$}");
        }
        text.push('\n');
    }
    text.push('\n');
}

/// Writes the figures of the plugins, with their numbers aligned.
fn figures(text: &mut String, work: &[Work]) {
    let figures = || work.iter().flat_map(|work| work.figures.iter().map(move |f| (work, f)));
    let width = figures().map(|(_, figure)| figure.value.to_string().len()).max();
    for (work, figure) in figures() {
        let (value, width) = (figure.value, width.unwrap_or(0));
        let _ = writeln!(text, "{value:>width$} {} ({})", figure.label, work.name);
    }
    if width.is_some() {
        text.push('\n');
    }
}

fn row(work: &Work, total: Duration) -> [String; 7] {
    let share = 100.0 * work.took.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
    [
        work.name.clone(),
        format!("{:?}", work.stage),
        work.pages.to_string(),
        work.failed.to_string(),
        work.reports.to_string(),
        format!("{:.1} ms", work.took.as_secs_f64() * 1000.0),
        format!("{share:.0} %"),
    ]
}

#[cfg(test)]
mod tests {
    use site_contract::{Figure, Page, Stage};

    use super::*;
    use crate::pipeline::Failure;

    fn outcome() -> Outcome {
        let markdown = Work {
            pages: 2,
            failed: 1,
            reports: 4,
            took: Duration::from_millis(9),
            figures: vec![Figure::new("words", 12), Figure::new("code blocks", 1)],
            ..Work::new("Markdown", Stage::Render)
        };
        let toc = Work {
            pages: 2,
            reports: 4,
            took: Duration::from_millis(1),
            ..Work::new("Toc", Stage::Structure)
        };
        let failure = Failure {
            path: "docs/c.md".into(),
            plugin: Some("Markdown".into()),
            reason: "line 3: never closed".into(),
        };
        Outcome {
            pages: vec![Page::default(), Page::default()],
            failures: vec![failure],
            work: vec![markdown, toc],
        }
    }

    #[test]
    fn the_report_lists_work_figures_dead_links_and_failures() {
        let link = DeadLink { page: "README.md".into(), to: "src/lib.rs".into() };
        assert_eq!(
            render(&outcome(), &[link], Path::new("out")),
            "2 pages in out\n\
             \n\
             plugin    stage      pages  failed  reports    time  share\n\
             Markdown  Render         2       1        4  9.0 ms   90 %\n\
             Toc       Structure      2       0        4  1.0 ms   10 %\n\
             \n\
             12 words (Markdown)\n\
             \x201 code blocks (Markdown)\n\
             \n\
             README.md links to src/lib.rs, which is not part of the site\n\
             docs/c.md was not rendered: Markdown: line 3: never closed\n"
        );
    }
}
