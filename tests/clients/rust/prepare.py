"""Leaves out what progenitor does not read: bodies that are neither JSON nor a form. Send those with reqwest."""

import json
import sys

document = json.load(sys.stdin)
for path, item in document["paths"].items():
    for method in list(item):
        kinds = item[method].get("requestBody", {}).get("content", {})
        if any(kind not in ("application/json", "application/x-www-form-urlencoded") for kind in kinds):
            print(f"left out: {method} {path} ({', '.join(kinds)})", file=sys.stderr)
            del item[method]
json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
