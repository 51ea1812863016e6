//! Gives headings identifiers, and lists them.
//!
//! Identifiers are made as GitHub makes them, so that a link such as
//! `protocol.md#the-pconf-file` works there and on the site.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use site_contract::TransformError;
use site_contract::html::{Token, tokens, unescape};

/// The levels that are listed. Level 1 is the page's title.
const LISTED: RangeInclusive<u8> = 2..=3;

/// A heading of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    level: u8,
    id: String,
    /// The content as HTML, without links.
    content: String,
}

/// Gives an identifier to each heading without one. Returns the changed page, and the
/// headings in order.
pub(crate) fn identify(html: &str) -> Result<(String, Vec<Heading>), TransformError> {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut headings = Vec::new();
    let mut taken = HashMap::new();
    let mut rest = tokens(html);
    while let Some(token) = rest.next() {
        let Some((element, level)) = token.opens().and_then(|name| Some((name, level(name)?)))
        else {
            out.push_str(token.as_str());
            continue;
        };
        let inner = up_to_end(&mut rest, element)?;
        let id = if let Some(id) = token.attribute("id") {
            out.push_str(token.as_str());
            id.to_owned()
        } else {
            let id = unique(slug(&inner), &mut taken);
            let attributes = &token.as_str()[1 + element.len()..];
            out.push_str(&format!("<{element} id=\"{id}\"{attributes}"));
            id
        };
        inner.iter().for_each(|token| out.push_str(token.as_str()));
        out.push_str(&format!("</{element}>"));
        headings.push(Heading { level, id, content: content(&inner) });
    }
    Ok((out, headings))
}

/// The level of a heading element: 2 for `h2`.
fn level(element: &str) -> Option<u8> {
    match element.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Reads the tokens within an element, and its closing tag.
fn up_to_end<'a>(
    tokens: &mut impl Iterator<Item = Token<'a>>,
    element: &str,
) -> Result<Vec<Token<'a>>, TransformError> {
    let mut inner = Vec::new();
    for token in tokens {
        if token.closes() == Some(element) {
            return Ok(inner);
        }
        inner.push(token);
    }
    Err(TransformError::Html { reason: format!("<{element}> is never closed") })
}

/// The text in lower case, without punctuation, and with `-` for spaces.
fn slug(inner: &[Token<'_>]) -> String {
    let text: String = inner.iter().filter_map(|token| text_of(*token)).collect();
    unescape(&text)
        .trim()
        .to_lowercase()
        .chars()
        .filter(|&c| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_')
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// The slug; with a number behind it if it is taken.
fn unique(slug: String, taken: &mut HashMap<String, u32>) -> String {
    let count = taken.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
    if *count == 0 { slug } else { format!("{slug}-{count}") }
}

/// The content of a heading without links, so that it can itself be a link.
fn content(inner: &[Token<'_>]) -> String {
    let is_link = |token: &Token<'_>| [token.opens(), token.closes()].contains(&Some("a"));
    inner.iter().filter(|token| !is_link(token)).map(|token| token.as_str()).collect()
}

fn text_of(token: Token<'_>) -> Option<&str> {
    match token {
        Token::Text(text) => Some(text),
        Token::Tag(_) => None,
    }
}

/// The table of contents; empty for a page with fewer than two headings to list.
pub(crate) fn list(headings: &[Heading]) -> String {
    let listed: Vec<_> = headings.iter().filter(|h| LISTED.contains(&h.level)).collect();
    if listed.len() < 2 {
        return String::new();
    }
    let items: String = listed
        .iter()
        .map(|Heading { level, id, content }| {
            format!("<li class=\"level-{level}\"><a href=\"#{id}\">{content}</a></li>\n")
        })
        .collect();
    format!("<nav class=\"contents\">\n<ul>\n{items}</ul>\n</nav>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(html: &str) -> Vec<String> {
        identify(html).unwrap().1.into_iter().map(|heading| heading.id).collect()
    }

    #[test]
    fn a_heading_gets_the_identifier_that_github_gives_it() {
        assert_eq!(ids("<h2>The <code>.pconf</code> file</h2>"), ["the-pconf-file"]);
        assert_eq!(ids("<h2>GoPlug 1, as it behaves</h2>"), ["goplug-1-as-it-behaves"]);
        assert_eq!(ids("<h2>Q &amp; A</h2>"), ["q--a"]);
        assert_eq!(ids("<h2>Straße_1</h2>"), ["straße_1"]);
    }

    #[test]
    fn the_same_heading_again_gets_a_number() {
        assert_eq!(ids("<h2>A</h2><h3>A</h3><h2>a</h2>"), ["a", "a-1", "a-2"]);
    }

    #[test]
    fn only_identifiers_are_added_to_the_page() {
        let (page, _) = identify("<p>x</p><h2 class=\"y\">A <em>b</em></h2>\n<hr />").unwrap();
        assert_eq!(page, "<p>x</p><h2 id=\"a-b\" class=\"y\">A <em>b</em></h2>\n<hr />");
    }

    #[test]
    fn an_existing_identifier_is_kept() {
        let html = "<h2 id=\"mine\">A</h2>";
        assert_eq!(identify(html).unwrap().0, html);
        assert_eq!(ids(html), ["mine"]);
    }

    #[test]
    fn the_second_and_third_level_are_listed_without_their_links() {
        let html = "<h1>T</h1><h2>A <a href=\"x\">l</a></h2><h3>B</h3><h4>C</h4>";
        assert_eq!(
            list(&identify(html).unwrap().1),
            "<nav class=\"contents\">\n<ul>\n\
             <li class=\"level-2\"><a href=\"#a-l\">A l</a></li>\n\
             <li class=\"level-3\"><a href=\"#b\">B</a></li>\n\
             </ul>\n</nav>\n"
        );
    }

    #[test]
    fn a_single_heading_is_no_table_of_contents() {
        assert_eq!(list(&identify("<h2>A</h2>").unwrap().1), "");
    }

    #[test]
    fn a_heading_that_is_never_closed_is_an_error() {
        let error = identify("<h2>A<p>x</p>").unwrap_err();
        assert_eq!(error.to_string(), "<h2> is never closed");
    }
}
