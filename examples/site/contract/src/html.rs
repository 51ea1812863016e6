//! A small HTML tokenizer: tags, and the text between them.
//!
//! Transforms get HTML that other transforms wrote. It is well formed, except perhaps where
//! an author wrote HTML within Markdown. So nothing here fails: text that does not form a tag
//! is text.

/// A token of an HTML text. All tokens, joined, are the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// A tag, a comment or a declaration, with its brackets.
    Tag(&'a str),
    /// Text, with its entities not resolved.
    Text(&'a str),
}

impl<'a> Token<'a> {
    /// The token as it is written.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Tag(text) | Self::Text(text) => text,
        }
    }

    /// The name of the element that this tag opens.
    pub fn opens(self) -> Option<&'a str> {
        match self {
            Self::Tag(tag) => Some(element(&tag[1..])).filter(|name| !name.is_empty()),
            Self::Text(_) => None,
        }
    }

    /// The name of the element that this tag closes.
    pub fn closes(self) -> Option<&'a str> {
        match self {
            Self::Tag(tag) => tag.strip_prefix("</").map(element).filter(|name| !name.is_empty()),
            Self::Text(_) => None,
        }
    }

    /// The value of an attribute that is written in double quotes, with its entities not
    /// resolved.
    pub fn attribute(self, name: &str) -> Option<&'a str> {
        let Self::Tag(tag) = self else { return None };
        let mut rest = tag;
        loop {
            let (before, after) = rest.split_once(name)?;
            if before.ends_with(|c: char| c.is_ascii_whitespace())
                && let Some(value) = after.strip_prefix("=\"")
            {
                return value.split('"').next();
            }
            rest = after;
        }
    }
}

fn element(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    &text[..end]
}

/// Splits an HTML text into tags and text.
pub fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let tag = tag_length(rest);
        let length = tag.unwrap_or_else(|| {
            // The first character may be a `<` that begins no tag.
            let next = rest
                .char_indices()
                .skip(1)
                .find(|&(at, c)| c == '<' && tag_length(&rest[at..]).is_some());
            next.map_or(rest.len(), |(at, _)| at)
        });
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(if tag.is_some() { Token::Tag(piece) } else { Token::Text(piece) })
    })
}

/// The length of the tag at the beginning of a text; `None` if there is no tag.
fn tag_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    if inner.starts_with("!--") {
        return text.find("-->").map(|end| end + 3);
    }
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
        return None;
    }
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '>' => return Some(at + 1),
            None => {}
        }
    }
    None
}

/// Resolves the entities of the five characters that HTML writers escape.
pub fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

/// Escapes a text for HTML, also within double quotes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_split_into_tags_and_text() {
        let found: Vec<_> = tokens("<p class=\"a>b\">x &lt; y<br/></p>z").collect();
        assert_eq!(
            found,
            [
                Token::Tag("<p class=\"a>b\">"),
                Token::Text("x &lt; y"),
                Token::Tag("<br/>"),
                Token::Tag("</p>"),
                Token::Text("z"),
            ]
        );
    }

    #[test]
    fn all_tokens_joined_are_the_text() {
        for text in
            ["", "<", "a < b", "<<p>>", "<p", "<!-- <p> -->x", "<!-- open", "ä<é>ß", "<a 'x"]
        {
            let joined: String = tokens(text).map(Token::as_str).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn a_comment_is_one_token() {
        assert_eq!(tokens("<!-- <p> -->x").next(), Some(Token::Tag("<!-- <p> -->")));
    }

    #[test]
    fn a_tag_has_the_element_that_it_opens_or_closes() {
        assert_eq!(Token::Tag("<h2 id=\"x\">").opens(), Some("h2"));
        assert_eq!(Token::Tag("</h2>").opens(), None);
        assert_eq!(Token::Tag("</h2>").closes(), Some("h2"));
        assert_eq!(Token::Tag("<!-- x -->").opens(), None);
    }

    #[test]
    fn an_attribute_is_found_by_its_whole_name() {
        let tag = Token::Tag("<a data-href=\"no\" href=\"yes\">");
        assert_eq!(tag.attribute("href"), Some("yes"));
        assert_eq!(tag.attribute("id"), None);
    }

    #[test]
    fn unescape_reverses_escape() {
        for text in ["a < b && c > \"d\"", "&amp;", "&lt;"] {
            assert_eq!(unescape(&escape(text)), text);
        }
    }
}
