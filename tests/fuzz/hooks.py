"""What schemathesis does not know of this service."""

import atexit
import json
import os
import pathlib
import sys

import schemathesis
from schemathesis.core.media_types import YAML_MEDIA_TYPES
from schemathesis.openapi.checks import EnsureResourceAvailability, UseAfterFree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from aim import Aim  # noqa: E402
from neighbours import look_missing  # noqa: E402
from schemas import knows, obeys, without_nulls, without_nulls_in_lists  # noqa: E402
from world import World  # noqa: E402

# Bodies that the document calls a string. YAML too: the tool would read it, and hold an object against "string".
TEXT = ("application/x-ndjson", "text/csv")
ANSWERS = (*TEXT, *YAML_MEDIA_TYPES, "image/svg+xml", "text/calendar", "text/html", "text/markdown")
BODY = "body"
PATCH = "application/merge-patch+json"
BATCH = "/v1/assessment-batches"
IMPORT = "/v1/assessment-imports"
# Every call has one, and so has its line in the log.
NAME = "X-Request-Id"

there = json.loads(pathlib.Path(os.environ["TASUKE_WORLD"]).read_text(encoding="utf-8"))
tenant = os.environ["TASUKE_TENANT"]
worlds = {name: World(there["url"], name, one["token"], one["seed"]) for name, one in there["tenants"].items()}
mine = worlds.pop(tenant)
(theirs,) = worlds.values()
# Ids that came up while links were followed, and guidelines of which an edition was deleted.
known, emptied = set(), set()
# Calls that name what is the neighbour's, and what they name of it; how many answers were compared, and of what status.
foreign, compared = {}, {}


@schemathesis.serializer(*TEXT)
def send_text(ctx, value):
    return value.encode("utf-8", "surrogatepass")


@schemathesis.deserializer(*ANSWERS)
def read_text(ctx, response):
    return response.content.decode("utf-8")


@schemathesis.hook
def before_call(ctx, case, kwargs):
    """Aims the call at what is there. The calls that checks make besides are left alone: they bear its name already."""
    if case.meta is None or NAME in case.headers:
        return
    aim = Aim(case, mine, theirs, there["shipped"], known)
    aim.take()
    if aim.foreign:
        foreign[case.id] = aim.foreign
    case.headers[NAME] = case.id
    take_at_its_word(case)


@schemathesis.hook
def filter_failure(ctx, failure, case, response):
    """What the tool cannot know of what comes and goes here."""
    names = case.path_parameters or {}
    if isinstance(failure, EnsureResourceAvailability):
        # A guideline is there while it has an edition, whether or not anybody deleted the guideline.
        return names.get("guideline") not in emptied
    if isinstance(failure, UseAfterFree):
        # What ships stands there again when nobody overrides it any more.
        return case.operation.path != "/v1/contacts/{contact}" or names["contact"].startswith("own-")
    return True


@schemathesis.hook
def after_call(ctx, case, response):
    """What a link can lead to, and what it cannot lead to any more."""
    if case.operation.path.endswith("/editions/{edition}") and response.status_code == 204:
        emptied.add(case.path_parameters["guideline"])
    if case.meta is not None and case.meta.phase.name.value == "stateful" and 200 <= response.status_code < 300:
        known.update(ids(case.path_parameters))
        if response.headers.get("content-type", [""])[0].startswith("application/json"):
            known.update(ids(response.json()))


def ids(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from ids(inner)
    # Of a secret the answer has both, and the tool takes the secret itself for its id.
    elif isinstance(value, str) and not value.startswith("tsk_"):
        yield value


def take_at_its_word(case):
    """Bodies that are meant to be wrong, and are not once they are sent, become calls that are meant to be right."""
    if case.media_type in TEXT:
        # A number or an object is text as soon as it is sent.
        if isinstance(case.body, (dict, list, int, float, bool, type(None))):
            case.body = json.dumps(case.body)
            means_well(case)
    elif case.media_type == PATCH and isinstance(case.body, dict):
        # What a list of a patch holds is new: there, too, null is what is left out.
        bare = without_nulls_in_lists(case.body)
        if bare != case.body and obeys(case, bare) and knows(case, case.body):
            means_well(case)
    elif case.media_type == "application/json" and isinstance(case.body, (dict, list)):
        # A field that is null is one that is left out (src/body.rs); a merge patch means something else by it.
        bare = without_nulls(case.body)
        if bare != case.body and obeys(case, bare) and knows(case, case.body):
            means_well(case)
        # The items of a batch are judged one by one; what is checked of them is below.
        elif (
            case.operation.path == BATCH and items(bare) and knows(case, {**case.body, "items": []}) and obeys(case, {**bare, "items": [{"questionnaire": "any"}]})
        ):
            means_well(case)


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


@schemathesis.check
def neighbours_things_look_missing(ctx, response, case):
    """A name of the neighbour's is answered as one of nothing is."""
    names = foreign.get(case.id)
    if not names:
        return
    compared[response.status_code] = compared.get(response.status_code, 0) + 1
    if response.status_code < 400 and case.operation.path in (BATCH, IMPORT):
        for item, verdict in verdicts(response, case):
            named = [value for value in names if value in item.values()]
            assert not named or verdict["outcome"] == "rejected", f"accepted {named} of {theirs.tenant}'s: {item}"
    elif response.status_code < 400 and case.method != "GET":
        raise AssertionError(f"{tenant} did something with {names} of {theirs.tenant}'s: {response.text}")
    else:
        difference = look_missing(mine.session, response, names)
        assert difference is None, f"{names} of {theirs.tenant}'s do not look missing\n{difference}"


def verdicts(response, case):
    """Each item that was sent with what was said of it."""
    if case.operation.path == BATCH:
        return zip(items(case.body), response.json()["items"])
    return ((json.loads(line), json.loads(told)) for line, told in zip(lines(case.body), lines(response.text)))


def lines(text):
    return text.strip().split("\n")


@atexit.register
def tell():
    told = {"tenant": tenant, "compared": compared}
    pathlib.Path(f"compared-{tenant}.json").write_text(json.dumps(told), encoding="utf-8")


def items(body):
    found = body.get("items") if isinstance(body, dict) else None
    return found if isinstance(found, list) and len(found) <= 1000 else []


def means_well(case):
    meta = case.meta
    if meta is not None and not any(
        part.mode.is_negative for place, part in meta.components.items() if place.value != BODY
    ):
        meta.generation.mode = schemathesis.GenerationMode.POSITIVE
