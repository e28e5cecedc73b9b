"""Leaves out what progenitor does not read: bodies that are neither JSON nor a form (send those with reqwest), and a
second kind of failure beside problems (the token endpoint's own, which then comes as an unexpected response). Says that
problems are JSON, so that they are read."""

import json
import sys

document = json.loads(sys.stdin.read().replace('"application/problem+json"', '"application/json"'))
oauth = "#/components/schemas/TokenRefusal"
for path, item in document["paths"].items():
    for method in list(item):
        kinds = item[method].get("requestBody", {}).get("content", {})
        if any(kind not in ("application/json", "application/x-www-form-urlencoded") for kind in kinds):
            print(f"left out: {method} {path} ({', '.join(kinds)})", file=sys.stderr)
            del item[method]
            continue
        responses = item[method]["responses"]
        for status, response in list(responses.items()):
            shared = document["components"]["responses"].get(response.get("$ref", "").rsplit("/", 1)[-1], {})
            schema = shared.get("content", {}).get("application/json", {}).get("schema", {})
            if schema.get("$ref") == oauth:
                print(f"left out: {method} {path} {status}", file=sys.stderr)
                del responses[status]
json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
