//! Counts words and links in HTML.

use std::iter::Sum;
use std::num::NonZeroU64;

use site_contract::html::{Token, tokens};

/// The counts of a page, or the sum of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Words outside of code blocks.
    pub(crate) words: u64,
    /// Links within the site.
    pub(crate) inner_links: u64,
    /// Links to other sites.
    pub(crate) outer_links: u64,
}

impl<'a> Sum<&'a Counts> for Counts {
    fn sum<I: Iterator<Item = &'a Counts>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, counts| Self {
            words: sum.words + counts.words,
            inner_links: sum.inner_links + counts.inner_links,
            outer_links: sum.outer_links + counts.outer_links,
        })
    }
}

impl Counts {
    /// The counts as a sentence, for people who read so many words in a minute.
    pub(crate) fn describe(&self, words_per_minute: NonZeroU64) -> String {
        let minutes = self.words.div_ceil(words_per_minute.get()).max(1);
        let links = self.inner_links + self.outer_links;
        let s = |count| if count == 1 { "" } else { "s" };
        format!(
            "{} word{}, {minutes} minute{} to read, {links} link{}",
            self.words,
            s(self.words),
            s(minutes),
            s(links)
        )
    }
}

/// Counts the words and links of an HTML text.
pub(crate) fn count(html: &str) -> Counts {
    let mut counts = Counts::default();
    let mut in_code = false;
    // A word may go on behind a tag, as in `<em>half</em>way`.
    let mut in_word = false;
    for token in tokens(html) {
        match token {
            Token::Text(_) if in_code => {}
            Token::Text(text) => {
                for c in text.chars() {
                    let is_word = c.is_alphanumeric() || (in_word && !c.is_whitespace());
                    counts.words += u64::from(is_word && !in_word);
                    in_word = is_word;
                }
            }
            Token::Tag(_) => {
                if token.opens() == Some("pre") || token.closes() == Some("pre") {
                    in_code = token.opens().is_some();
                }
                in_word &= is_inline(token);
                match token.opens().filter(|&name| name == "a").and(token.attribute("href")) {
                    Some(href) if href.contains("://") => counts.outer_links += 1,
                    Some(_) => counts.inner_links += 1,
                    None => {}
                }
            }
        }
    }
    counts
}

/// Whether a word may go on behind this tag.
fn is_inline(token: Token<'_>) -> bool {
    let element = token.opens().or(token.closes()).unwrap_or_default();
    ["a", "b", "code", "del", "em", "i", "strong", "sub", "sup"].contains(&element)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_text_and_not_in_code_blocks() {
        assert_eq!(count("<p>One two, three.</p><pre>not these</pre><p>four</p>").words, 4);
        assert_eq!(count("<h1>A</h1><p>b</p>").words, 2);
    }

    #[test]
    fn a_word_may_contain_tags_and_entities() {
        assert_eq!(count("<p>It&#39;s <em>half</em>way — done</p>").words, 3);
        assert_eq!(count("- / &").words, 0);
    }

    #[test]
    fn links_within_the_site_and_to_other_sites_are_counted_apart() {
        let counts = count("<a href=\"#a\">x</a> <a href=\"https://example.org\">y</a> <a>z</a>");
        assert_eq!((counts.inner_links, counts.outer_links), (1, 1));
    }

    #[test]
    fn counts_add_up() {
        let (a, b) = (count("<p>a b</p>"), count("<p>c <a href=\"x\">d</a></p>"));
        assert_eq!([a, b].iter().sum::<Counts>().words, 4);
    }

    #[test]
    fn counts_read_as_a_sentence() {
        let speed = NonZeroU64::new(200).unwrap();
        assert_eq!(count("one").describe(speed), "1 word, 1 minute to read, 0 links");
        let counts = Counts { words: 401, inner_links: 1, outer_links: 0 };
        assert_eq!(counts.describe(speed), "401 words, 3 minutes to read, 1 link");
    }
}
