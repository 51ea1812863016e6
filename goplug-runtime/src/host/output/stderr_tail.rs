//! The lines of standard error that the report of a crash contains: the last ones, and the
//! beginning of a panic's report, whose backtrace alone is longer than that.

use std::collections::VecDeque;

use crate::limits;

/// How many lines from the beginning of a panic's report are kept.
const KEPT_OF_PANIC: usize = 6;

/// How many reports of panics are kept. The second is often a consequence of the first.
const KEPT_PANICS: u32 = 2;

/// Stands for the lines that were left out after the beginning of a panic's report.
const OMITTED: &str = "…";

/// How the languages begin the report of a panic, of an exception that nobody caught, or of the error
/// of `main`, if they put its message before the backtrace.
const BEGINNINGS: [&str; 9] = [
    "Error: ",
    "Caused by:",
    "panic: ",
    "fatal error: ",
    "fatal runtime error: ",
    "Exception in thread ",
    "Unhandled exception",
    "Uncaught ",
    "terminate called ",
];

/// How a line begins that ends the message of a panic.
const ENDS_OF_MESSAGE: [&str; 6] =
    ["stack backtrace:", "Stack backtrace:", "note: ", "goroutine ", "\tat ", "   at "];

/// At most [`limits::STDERR_LINES`] lines.
#[derive(Debug, Default)]
pub(super) struct StderrTail {
    lines: VecDeque<Line>,
    /// How many panics there were.
    panics: u32,
    /// How many further lines belong to the beginning of the last panic's report.
    expected: usize,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// The panic whose report the line begins, counted from 1; 0 if there is none.
    panic: u32,
    /// Whether lines after this one were left out.
    gap: bool,
}

impl StderrTail {
    /// Adds a line, and forgets one that matters least if there are too many.
    pub(super) fn push(&mut self, text: String) {
        if is_panic_of_rust(&text) {
            // The report begins with an empty line.
            let is_empty = |last: &Line| last.text.is_empty() && !last.gap;
            if self.lines.back().is_some_and(is_empty) {
                self.lines.pop_back();
            }
        }
        if begins_panic(&text) {
            self.panics = self.panics.saturating_add(1);
            self.expected = KEPT_OF_PANIC;
        } else if ends_message(&text) {
            self.expected = 0;
        }
        let panic = if self.expected > 0 { self.panics } else { 0 };
        self.expected = self.expected.saturating_sub(1);
        self.lines.push_back(Line { text, panic, gap: false });
        while self.shown() > limits::STDERR_LINES {
            self.forget_one();
        }
    }

    /// Adds a record of a log, as a text of one line or several.
    pub(super) fn push_record(&mut self, text: &str, is_panic: bool) {
        if is_panic {
            self.panics = self.panics.saturating_add(1);
            self.expected = KEPT_OF_PANIC;
        }
        text.lines().for_each(|line| self.push(line.to_owned()));
        if is_panic {
            // The record has all of it.
            self.expected = 0;
        }
    }

    /// The lines, oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::with_capacity(self.lines.len());
        for line in &self.lines {
            lines.push(line.text.clone());
            lines.extend(line.gap.then(|| OMITTED.to_owned()));
        }
        lines
    }

    fn shown(&self) -> usize {
        self.lines.len() + self.lines.iter().filter(|line| line.gap).count()
    }

    fn forget_one(&mut self) {
        let oldest_kept = self.panics.saturating_sub(KEPT_PANICS - 1).max(1);
        let index = self.lines.iter().position(|line| line.panic < oldest_kept).unwrap_or(0);
        self.lines.remove(index);
        if let Some(before) = index.checked_sub(1).and_then(|index| self.lines.get_mut(index)) {
            before.gap = true;
        }
    }
}

/// Whether the line begins the report of a panic in Rust, before the line with its message.
pub(super) fn is_panic_of_rust(line: &str) -> bool {
    line.starts_with("thread '") && line.contains(" panicked at ")
}

fn begins_panic(line: &str) -> bool {
    is_panic_of_rust(line) || BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}

fn ends_message(line: &str) -> bool {
    line.is_empty() || ENDS_OF_MESSAGE.iter().any(|beginning| line.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_line_before_a_panic_is_not_kept() {
        let mut tail = StderrTail::default();
        let panic = "thread 'main' (7) panicked at src/main.rs:3:5:";
        for line in ["", panic, "no database", "", "said by the plugin", "", panic] {
            tail.push(line.into());
        }
        assert_eq!(tail.lines(), [panic, "no database", "", "said by the plugin", panic]);
    }

    fn tail(lines: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut tail = StderrTail::default();
        lines.into_iter().for_each(|line| tail.push(line));
        tail.lines()
    }

    fn numbered(what: &str, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{what} {n}")).collect()
    }

    /// A report of Rust's with a long backtrace.
    fn report(message: &str) -> Vec<String> {
        let head = format!("thread 'main' (7) panicked at src/main.rs:3:5:\n{message}");
        let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
        lines.push("stack backtrace:".into());
        lines.extend(numbered("  frame", 60));
        lines
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let lines = tail(numbered("line", 100));
        assert_eq!(lines, numbered("line", 100)[100 - limits::STDERR_LINES..]);
    }

    #[test]
    fn a_panics_message_is_kept_before_its_backtrace() {
        let lines = tail([numbered("line", 30), report("no\ndatabase")].concat());
        assert_eq!(lines.len(), limits::STDERR_LINES);
        let head = ["thread 'main' (7) panicked at src/main.rs:3:5:", "no", "database", OMITTED];
        assert_eq!(lines[..4], head);
        assert_eq!(lines.last().unwrap(), "  frame 59");
    }

    #[test]
    fn the_record_of_a_panic_is_kept_before_later_lines() {
        let mut tail = StderrTail::default();
        tail.push_record("ERROR panic: panicked at src/main.rs:3:5: no database", true);
        numbered("line", 60).into_iter().for_each(|line| tail.push(line));
        let lines = tail.lines();
        assert_eq!(lines[0], "ERROR panic: panicked at src/main.rs:3:5: no database");
        assert_eq!(lines[1..3], [OMITTED, "line 42"]);
    }

    #[test]
    fn the_last_two_panics_are_kept() {
        let lines = tail(["one", "two", "three"].map(report).concat());
        assert_eq!(lines.len(), limits::STDERR_LINES);
        assert!(!lines.contains(&"one".to_owned()), "{lines:?}");
        assert_eq!((&*lines[1], &*lines[2], &*lines[4]), ("two", OMITTED, "three"), "{lines:?}");
    }

    #[test]
    fn the_reports_of_other_languages_are_kept() {
        for head in ["panic: boom", "Exception in thread \"main\" java.lang.Error: boom"] {
            let mut lines = vec![head.to_owned(), String::new(), "goroutine 1 [running]:".into()];
            lines.extend(numbered("\tat frame", 60));
            let lines = tail(lines);
            assert_eq!(lines[..2], [head, OMITTED]);
        }
    }

    #[test]
    fn the_error_of_main_and_its_causes_are_kept() {
        let head = "Error: the database\n\nCaused by:\n    no such host\n\nStack backtrace:";
        let mut lines: Vec<_> = head.lines().map(str::to_owned).collect();
        lines.extend(numbered("   0: frame", 60));
        let lines = tail(lines);
        assert_eq!(lines[..4], ["Error: the database", OMITTED, "Caused by:", "    no such host"]);
    }

    #[test]
    fn many_lines_of_panics_do_not_displace_the_last_ones() {
        let lines = tail([numbered("panic: ", 40), numbered("line", 40)].concat());
        assert_eq!(lines.len(), limits::STDERR_LINES);
        assert_eq!(lines.last().unwrap(), "line 39");
    }
}
