"""What schemathesis makes up, as this protocol writes it."""

import schemathesis


@schemathesis.hook
def map_body(context, body):
    """An integer has no fraction. In JSON Schema `5.0` is an integer too; in this protocol it is
    not."""
    return without_fractions(body)


def without_fractions(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [without_fractions(item) for item in value]
    if isinstance(value, dict):
        return {key: without_fractions(item) for key, item in value.items()}
    return value
