#!/usr/bin/env python3
"""Typography: curly quotes, dashes and ellipses in the text of a page.

A page transform of the site example, beside those in Rust. `goplug/` is the plugin's side of
the protocol.
"""

import logging
import re

import goplug

PAGE = {"path": "String", "title": "String", "body": "String", "aside": "String"}

plugin = goplug.Plugin("Typography", "site", "0.1.0", types={"Page": PAGE})
progress = plugin.callback("progress", "The progress of the work on a page, in percent.",
                           {"page": "String", "percent": "u8"})
marks_set = 0
log = logging.getLogger("typography")

TAG = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
VERBATIM = re.compile(r"<(/?)(code|kbd|pre|samp|script|style|textarea|var)\b")
INLINE = re.compile(r"</?(a|b|code|em|i|strong)\b")
MARK = re.compile(r"""---|(?<=\s)--(?=\s)|\.\.\.|"|&quot;|'""")
MARKS = {"---": "—", "--": "–", "...": "…"}


@plugin.method({}, "Stage")
def stage(call):
    """The stage in which this plugin runs."""
    return "Polish"


@plugin.method({"page": "Page"}, "Result<Page, TransformError>")
def transform(call, page):
    """Sets typographic quotes, dashes and ellipses, except in code."""
    global marks_set
    parts = [part for part in ("title", "aside", "body") if page[part]]
    total, done, set_here = sum(len(page[part]) for part in parts), 0, 0
    for part in parts:
        pieces = []
        for piece, marks in typeset(page[part]):
            call.check()
            pieces.append(piece)
            set_here += marks
        done += len(page[part])
        page[part] = "".join(pieces)
        progress(page["path"], 100 * done // total)
    log.debug("typeset", extra={"page": page["path"], "marks": set_here})
    with plugin.lock:
        marks_set += set_here
    return page


@plugin.method({}, "Vec<Figure>")
def summary(call):
    """The figures over all pages so far."""
    return [{"label": "quotes, dashes and ellipses set", "value": marks_set}]


def typeset(html):
    """Yields the pieces of an HTML text, each with the number of marks set in it."""
    verbatim, before = [], " "  # open verbatim tags; the preceding character
    for piece in TAG.split(html):
        marks = 0
        if piece.startswith("<"):
            before = before if INLINE.match(piece) else " "
            if tag := VERBATIM.match(piece):
                verbatim = verbatim[:-1] if tag[1] else [*verbatim, tag[2]]
        elif piece:
            last = piece[-1]
            if not verbatim:
                piece, marks = MARK.subn(lambda found: mark(found, before), piece)
            before = last
        yield piece, marks
    if verbatim:
        reason = f"<{verbatim[-1]}> is not closed"
        raise goplug.Problem("method", reason, error={"Html": {"reason": reason}})


def mark(found, before):
    """The replacement of a mark; `before` is the character in front of the whole text."""
    if found[0] in MARKS:
        return MARKS[found[0]]
    front = found.string[found.start() - 1] if found.start() else before
    opens = front.isspace() or front in "([{—–“‘\"'"
    if found[0] == "'":
        return "‘" if opens else "’"
    return "“" if opens else "”"


if __name__ == "__main__":
    goplug.main(plugin)
