//! Texts of another language's author, as documentation of Rust.

/// The text as Markdown in which nothing is taken for code of Rust: rustdoc runs indented lines,
/// and fences without a language, as tests.
pub(crate) fn sanitize(text: &str) -> String {
    let mut lines = Vec::new();
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|marker| trimmed.starts_with(marker));
        match (fence, marker) {
            (None, Some(marker)) => {
                fence = Some(marker);
                lines.push(format!("{marker}text"));
            }
            (Some(open), Some(marker)) if open == marker => {
                fence = None;
                lines.push(marker.to_owned());
            }
            (Some(_), _) => lines.push(line.trim_end().to_owned()),
            (None, None) => {
                let indent = (line.len() - trimmed.len()).min(3);
                lines.push(format!("{:indent$}{}", "", trimmed.trim_end()));
            }
        }
    }
    lines.extend(fence.map(str::to_owned));
    let visible: String =
        lines.join("\n").chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    visible.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_code_of_rust() {
        let text = "Makes a report.\n\n    report('Tea')\n\n```\nreport('Milk')\n  more\n```\n~~~python\nx";
        let expected = "Makes a report.\n\n   report('Tea')\n\n```text\nreport('Milk')\n  more\n```\n~~~text\nx\n~~~";
        assert_eq!(sanitize(text), expected);
    }
}
