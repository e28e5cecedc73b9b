"""Whether a body obeys what the document says of it."""

import jsonschema_rs

validators = {}


def obeys(case, body):
    operation, document = case.operation, case.operation.schema.raw_schema
    if operation.label not in validators:
        content = document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
        schema = {**content[case.media_type]["schema"], "components": document["components"]}
        validators[operation.label] = jsonschema_rs.Draft202012Validator(schema)
    return validators[operation.label].is_valid(body)


def knows(case, body):
    """Whether every field that the body names is one of the document's: null is no excuse."""
    document = case.operation.schema.raw_schema
    content = document["paths"][case.operation.path][case.operation.method.lower()]["requestBody"]["content"]
    return names(content[case.media_type]["schema"], body, document["components"]["schemas"])


def names(schema, value, schemas):
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    if "oneOf" in schema:
        return any(names(part, value, schemas) for part in schema["oneOf"] if part.get("type") != "null")
    if isinstance(value, list):
        return all(names(schema.get("items", {}), item, schemas) for item in value)
    if isinstance(value, dict):
        known, is_open = schema.get("properties", {}), schema.get("additionalProperties") is not False
        return all(names(known.get(name, {}), item, schemas) if name in known else is_open for name, item in value.items())
    return True


def without_nulls(value):
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return value


def without_nulls_in_lists(value):
    if isinstance(value, dict):
        return {name: without_nulls_in_lists(item) for name, item in value.items()}
    return without_nulls(value) if isinstance(value, list) else value
