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
