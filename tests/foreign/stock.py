#!/usr/bin/env python3
"""A plugin in Python, with schemas written by hand: `tests/foreign/host` has a typed client of it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/site/plugins/python"))

import goplug  # noqa: E402

DEFINITIONS = {
    "Item": {
        "type": "object",
        "description": "Something that can be had.",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "price": {"type": ["number", "null"], "format": "double", "description": "For one."},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["name"],
    },
    "StockError": {
        "description": "Why it cannot be had.",
        "oneOf": [
            {"type": "string", "const": "Closed"},
            {"type": "object", "required": ["Missing"], "additionalProperties": False,
             "properties": {"Missing": {"type": "object", "required": ["name"],
                                        "properties": {"name": {"type": "string"}}}}},
        ],
    },
}
SCHEMAS = {
    "str": {"type": "string"},
    "int": {"type": "integer", "format": "int64"},
    "bool": {"type": "boolean"},
    "list[Item]": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
}

plugin = goplug.Plugin("Stock", "acme", "0.1.0", definitions=DEFINITIONS, schemas=SCHEMAS)
items = {}

changed = plugin.callback("changed", "An item has come or gone.", {"item": "Item", "left": "int"})
ask = plugin.callback("ask", "Asks whether to do it.", {"question": "str"}, "bool")


@plugin.method({"items": "list[Item]", "count": "int"}, "int")
def put(call, items, count):
    """Puts so many of each item into the stock. Returns how many that are."""
    for item in items:
        globals()["items"][item["name"]] = item
    return len(items) * count


@plugin.method({"name": "str"}, "Item", error="StockError")
def find(call, name):
    """The item of this name."""
    if name not in items:
        raise goplug.Problem("method", f"there is no {name}", error={"Missing": {"name": name}})
    return items[name]


@plugin.method({"tag": "str"}, "str", stream=True)
def tagged(call, tag):
    """The names of the items with this tag, one after the other."""
    for item in list(items.values()):
        if tag in item.get("tags", []):
            yield item["name"]


@plugin.method({"question": "str"}, "bool")
def clear(call, question):
    """Asks, and takes everything out of the stock if the answer is yes."""
    answer = ask(question)
    if answer:
        for name in list(items):
            changed(items.pop(name), len(items))
    return answer


if __name__ == "__main__":
    goplug.main(plugin)
