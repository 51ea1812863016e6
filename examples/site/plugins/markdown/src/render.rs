//! CommonMark and GitHub's tables, footnotes, task lists and strikethrough.
//!
//! Two things go beyond rendering. Relative links to Markdown files become links to the HTML
//! pages of these files. And a code block that is never closed is an error, although
//! CommonMark allows it: it would contain the rest of the page.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use site_contract::{TransformError, page_file};

/// A parsed page.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    events: Vec<Event<'a>>,
    /// The text of the first heading of level 1.
    pub(crate) title: Option<String>,
    /// The number of code blocks.
    pub(crate) code_blocks: u64,
}

impl Document<'_> {
    pub(crate) fn into_html(self) -> String {
        let mut html = String::new();
        pulldown_cmark::html::push_html(&mut html, self.events.into_iter());
        html
    }
}

pub(crate) fn parse(source: &str) -> Result<Document<'_>, TransformError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS;
    let mut document = Document { events: Vec::new(), title: None, code_blocks: 0 };
    let mut heading = None;
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        match &event {
            Event::Start(Tag::CodeBlock(kind)) => {
                if matches!(kind, CodeBlockKind::Fenced(_)) && !is_closed(&source[range.clone()]) {
                    let line = source[..range.start].matches('\n').count() + 1;
                    return Err(TransformError::Markdown {
                        line,
                        reason: "the code block that begins here is never closed".into(),
                    });
                }
                document.code_blocks += 1;
            }
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => {
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(HeadingLevel::H1)) => {
                document.title = document.title.or(heading.take());
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(text);
                }
            }
            _ => {}
        }
        document.events.push(link_to_pages(event));
    }
    Ok(document)
}

/// Whether a fenced code block, given from its opening fence on, has a closing fence.
fn is_closed(block: &str) -> bool {
    let mut lines = block.trim_end().lines();
    let Some(opening) = lines.next() else { return false };
    let fence = opening.chars().next().unwrap_or('`');
    let length = opening.chars().take_while(|&c| c == fence).count();
    // In a block quote, each line begins with the marker of the quote.
    let closing = lines.next_back().unwrap_or("").trim_start_matches([' ', '>']).trim_end();
    closing.len() >= length && closing.chars().all(|c| c == fence)
}

fn link_to_pages(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = page_url(&dest_url).map_or(dest_url, CowStr::from);
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

/// The link to the page of a Markdown file; `None` if the link is to something else.
fn page_url(link: &str) -> Option<String> {
    let (path, fragment) = match link.find('#') {
        Some(at) => link.split_at(at),
        None => (link, ""),
    };
    if !path.ends_with(".md") || path.starts_with('/') || path.split('/').next()?.contains(':') {
        return None; // not Markdown, an absolute path, or another site
    }
    Some(page_file(path) + fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(source: &str) -> String {
        parse(source).unwrap().into_html()
    }

    #[test]
    fn markdown_becomes_html() {
        assert_eq!(html("# A\n\n*b*"), "<h1>A</h1>\n<p><em>b</em></p>\n");
        assert!(html("|a|\n|-|\n|b|").contains("<table>"));
    }

    #[test]
    fn the_title_is_the_text_of_the_first_heading() {
        let title = parse("text\n\n# The `main` *thing*\n\n# Another").unwrap().title;
        assert_eq!(title.as_deref(), Some("The main thing"));
        assert_eq!(parse("## Only a second").unwrap().title, None);
    }

    #[test]
    fn links_to_markdown_files_lead_to_their_pages() {
        assert_eq!(page_url("docs/protocol.md").unwrap(), "docs/protocol.html");
        assert_eq!(page_url("../README.md").unwrap(), "../index.html");
        assert_eq!(page_url("a.md#part").unwrap(), "a.html#part");
        assert!(html("[x](a.md)").contains("href=\"a.html\""));
    }

    #[test]
    fn other_links_stay_as_they_are() {
        for link in ["https://example.org/a.md", "/a.md", "#part", "a.txt", "mailto:a@b.md"] {
            assert_eq!(page_url(link), None, "{link}");
        }
    }

    #[test]
    fn a_code_block_that_is_never_closed_is_an_error_with_its_line() {
        let error = parse("# A\n\n```rust\nfn main() {}\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: the code block that begins here is never closed");
        assert!(parse("~~~~\ntext\n~~~").is_err());
        assert!(parse("```").is_err());
    }

    #[test]
    fn closed_code_blocks_are_counted_in_quotes_and_lists_too() {
        let source = "```\na\n```\n\n> ```\n> b\n> ```\n\n- c\n\n  ~~~text\n  d\n  ~~~\n\ntext\n\n    indented\n";
        assert_eq!(parse(source).unwrap().code_blocks, 4);
        assert_eq!(parse("```\n```").unwrap().code_blocks, 1);
    }
}
