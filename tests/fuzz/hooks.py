"""Kinds of bodies that schemathesis does not know: all of them are text."""

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def lines(ctx, value):
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""


@schemathesis.deserializer("application/yaml", "image/svg+xml")
def text(ctx, response):
    return response.content.decode("utf-8")
