# SPDX-License-Identifier: ISC
"""What schemathesis must not take for valid, since JSON Schema cannot say it:
a string with a NUL anywhere in the body, and a number so large that the
model's arithmetic has no room for it. Both are answered 400, by name."""
import schemathesis

LARGE = 1e30


def plain(value):
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all(plain(k) and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(plain(v) for v in value)
    return not isinstance(value, (int, float)) or abs(value) < LARGE


@schemathesis.hook
def filter_body(context, body):
    return plain(body)
