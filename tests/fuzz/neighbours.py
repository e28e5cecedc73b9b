"""What is the neighbour's must look like what is not there."""

import json
import uuid

# Of each answer its own.
OWN = {"request_id"}


def look_missing(session, response, names):
    """Sends the call again, with names of nothing, and says how the two answers differ; None when they do not."""
    request = response.request
    nothing = {name: missing(name) for name in names}
    body = request.body.encode() if isinstance(request.body, str) else request.body
    again = request.copy()
    again.url = replaced(request.url, nothing)
    if body is not None:
        again.body = replaced(body.decode("utf-8", "surrogatepass"), nothing).encode("utf-8", "surrogatepass")
        again.headers["Content-Length"] = str(len(again.body))
    other = session.send(again, timeout=20)
    told = (
        shape(response.status_code, response.content, names),
        shape(other.status_code, other.content, nothing.values()),
    )
    return None if told[0] == told[1] else "the neighbour's: {}\nnothing: {}".format(*told)


def missing(name):
    """Of the same form."""
    try:
        uuid.UUID(name)
    except ValueError:
        return name[:-1] + ("x" if name[-1] != "x" else "y")
    return name[:-6] + uuid.uuid4().hex[:6]


def replaced(text, names):
    for name, other in names.items():
        text = text.replace(name, other)
    return text


def shape(status, content, names):
    try:
        value = json.loads(content)
    except ValueError:
        value = content.decode("utf-8", "replace")
    if isinstance(value, dict):
        value = {name: inner for name, inner in value.items() if name not in OWN}
    return status, replaced(json.dumps(value, sort_keys=True, ensure_ascii=False), dict.fromkeys(names, "*"))
