"""What schemathesis does not know of this service."""

import json

import jsonschema_rs
import schemathesis
from schemathesis.core.media_types import YAML_MEDIA_TYPES

# Bodies that the document calls a string. YAML too: the tool would read it, and hold an object against "string".
TEXT = ("application/x-ndjson", "text/csv")
ANSWERS = (*TEXT, *YAML_MEDIA_TYPES, "image/svg+xml", "text/calendar", "text/html", "text/markdown")
BODY = "body"
BATCH = "/v1/assessment-batches"
validators = {}


@schemathesis.serializer(*TEXT)
def send_text(ctx, value):
    return value.encode("utf-8", "surrogatepass")


@schemathesis.deserializer(*ANSWERS)
def read_text(ctx, response):
    return response.content.decode("utf-8")


@schemathesis.hook
def map_case(ctx, case):
    """Bodies that are meant to be wrong, and are not once they are sent, become calls that are meant to be right."""
    if case.media_type in TEXT:
        # A number or an object is text as soon as it is sent.
        if isinstance(case.body, (dict, list, int, float, bool, type(None))):
            case.body = json.dumps(case.body)
            means_well(case)
    elif case.media_type == "application/json" and isinstance(case.body, (dict, list)):
        # A field that is null is one that is left out (src/body.rs); a merge patch means something else by it.
        bare = without_nulls(case.body)
        if bare != case.body and obeys(case, bare):
            means_well(case)
        # The items of a batch are judged one by one; what is checked of them is below.
        elif case.operation.path == BATCH and items(bare) and obeys(case, {**bare, "items": []}):
            means_well(case)
    return case


@schemathesis.check
def wrong_items_are_refused(ctx, response, case):
    """Each item of a batch that its schema does not allow has a verdict that says so."""
    if case.operation.path != BATCH or response.status_code != 200:
        return
    sent = items(without_nulls(case.body))
    verdicts = response.json()["items"]
    assert len(verdicts) == len(sent), f"{len(sent)} items, {len(verdicts)} verdicts"
    for item, verdict in zip(sent, verdicts):
        right = obeys(case, {"items": [item]})
        assert right or verdict["outcome"] == "rejected", f"accepted: {item}"


def items(body):
    found = body.get("items") if isinstance(body, dict) else None
    return found if isinstance(found, list) and len(found) <= 1000 else []


def means_well(case):
    meta = case.meta
    if meta is not None and not any(
        part.mode.is_negative for place, part in meta.components.items() if place.value != BODY
    ):
        meta.generation.mode = schemathesis.GenerationMode.POSITIVE


def without_nulls(value):
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return value


def obeys(case, body):
    operation, document = case.operation, case.operation.schema.raw_schema
    if operation.label not in validators:
        content = document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        validators[operation.label] = jsonschema_rs.Draft202012Validator(schema)
    return validators[operation.label].is_valid(body)
