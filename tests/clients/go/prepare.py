"""The document without the second way to say the same credentials, for which the client would have to fetch a module:
the token is sent as a bearer token all the same. Reads the document, writes it."""

import json
import sys

document = json.load(sys.stdin)
del document["components"]["securitySchemes"]["oauth2"]
for path in document["paths"].values():
    for operation in path.values():
        operation["security"] = [one for one in operation["security"] if "oauth2" not in one]
json.dump(document, sys.stdout)
