"""Values: JSON, and the types that a contract names."""

import json
import re

from .problem import Problem

INTEGER = re.compile(r"([iu])(8|16|32|64)")
GENERIC = re.compile(r"(Option|Vec|HashMap|BTreeMap|Result)<(.*)>")
BYTES = ("Bytes", "Vec<u8>")
PARTS = (*BYTES, "Option<Bytes>", "Option<Vec<u8>>")
SURROGATE = re.compile(rb"\\u[dD]")


def parse(body, kind):
    """The JSON value of a body; an empty one is null. Refuses what JSON does not have."""
    try:
        value = json.loads(body.decode() or "null", object_pairs_hook=distinct,
                           parse_constant=no_number)
        if SURROGATE.search(body):
            write(value)  # Half a surrogate pair is no text: it cannot be written.
        return value
    except (ValueError, RecursionError) as error:
        raise Problem(kind, f"not JSON: {error}") from error


def write(value):
    """A value as JSON. NaN and the infinities are an error: JSON does not have them."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False, default=numbers).encode()


def numbers(value):
    """Bytes among other values, as JSON has them."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return list(bytes(value))
    raise TypeError(f"{value!r} cannot be JSON")


def distinct(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def no_number(name):
    raise ValueError(f"{name} is not a number in JSON")


def is_raw(params):
    """Whether these parameters are a body of raw bytes: bytes are the only one."""
    return list(params.values()) in ([BYTES[0]], [BYTES[1]])


def is_part(params, name):
    """Whether this parameter is bytes beside others: a part of its own."""
    return params[name] in PARTS and not is_raw(params)


def success(returns):
    """The type of a result without its error."""
    result = GENERIC.fullmatch(returns)
    return split(result[2])[0] if result and result[1] == "Result" else returns


def result_is_raw(returns):
    """Whether a result of this type is a body of raw bytes."""
    return success(returns) in BYTES


def is_beside(returns):
    """Whether a result of this type is a value and bytes beside it."""
    pair = re.fullmatch(r"\((.*)\)", success(returns))
    return bool(pair) and len(split(pair[1])) == 2 and split(pair[1])[1] in BYTES


def fits(value, expected, types):
    """Whether a value has the type. `types` are the structs of the contract: fields by name.

    A type that is not known here, such as an enum, fits everything: the method finds out.
    """
    if integer := INTEGER.fullmatch(expected):
        low = -(2 ** (int(integer[2]) - 1)) if integer[1] == "i" else 0
        high = 2 ** (int(integer[2]) - (integer[1] == "i"))
        return type(value) is int and low <= value < high  # bool is an int, and 5.0 is not
    if expected in ("f32", "f64"):
        return type(value) in (int, float)
    if expected in ("String", "PathBuf"):
        return isinstance(value, str)
    if expected == "bool":
        return isinstance(value, bool)
    if expected == "()":
        return value is None
    if expected == "Bytes":
        return fits(value, "Vec<u8>", types)
    if fields := types.get(expected):
        return isinstance(value, dict) and all(
            name in value and fits(value[name], of, types) for name, of in fields.items())
    if generic := GENERIC.fullmatch(expected):
        return fits_generic(value, generic[1], split(generic[2]), types)
    return True


def fits_generic(value, name, of, types):
    if name == "Option":
        return value is None or fits(value, of[0], types)
    if name == "Vec":
        return isinstance(value, list) and all(fits(item, of[0], types) for item in value)
    return isinstance(value, dict) and all(fits(item, of[1], types) for item in value.values())


def split(types):
    """The types between commas, except commas within brackets."""
    found, depth = [""], 0
    for character in types:
        depth += (character in "<(") - (character in ">)")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return [one.strip() for one in found]
