"""Fetches every export of a running service and checks that other tools take it over: `check.py <base URL>`.

OSCAL goes through compliance-trestle, in a workspace of its own, and through checks of references and
names that trestle does not make. Libraries are held against what CISO Assistant's loader and converter
ask for. One line for each document; the exit code is 1 if anything is wrong.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urljoin

import yaml

FOLDERS = {"catalog": "catalogs", "profile": "profiles", "mapping-collection": "mapping-collections"}
FOLDERS |= {kind: kind for kind in ("assessment-results", "plan-of-action-and-milestones")}
TOKEN = {"authorization": f"Bearer {os.environ.get('TASUKE_TOKEN', '')}"}

# Names that OSCAL itself knows in a control; others need a namespace of their own.
KNOWN = {
    "parts": "overview statement guidance example assessment assessment-objective assessment-method".split(),
    "props": "label sort-id alt-identifier status marking".split(),
}
RELATIONSHIPS = "equal-to equivalent-to subset-of superset-of intersects-with no-relationship".split()


class Document:
    def __init__(self, kind, url):
        self.kind, self.url, self.content, self.faults, self.told = kind, url, {}, [], ""
        self.name = re.sub(r"[^a-z0-9]+", "-", url.split("/v1/", 1)[-1].lower())


def fetch(url, sent=None):
    """Status and body."""
    # What is open is fetched as anybody would.
    closed = "/v1/assessments" in url or "/v1/clients" in url
    headers = {**TOKEN, "content-type": "application/json"} if closed else {}
    body = json.dumps(sent).encode() if sent else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get(url):
    status, body = fetch(url)
    if status != 200:
        raise ValueError(f"{url} answered {status}: {body[:300].decode(errors='replace')}")
    return json.loads(body)


def items(url, **query):
    """Of all pages. What is not there to be asked for is refused, and a short list has no pages."""
    while True:
        page = get(f"{url}?{urlencode(query)}" if query else url)
        yield from page["items"]
        if not page["next_cursor"]:
            return
        query["after"] = page["next_cursor"]


MISSHAPEN = (ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError, subprocess.SubprocessError)


def attempt(document, check, *arguments):
    """A document of another shape than the check reads is at fault, and does not end the others' checks."""
    try:
        document.faults += check(*arguments) or []
    except MISSHAPEN as error:
        document.faults.append(str(error) if type(error) is ValueError else f"{check.__name__}: {error!r}")


def export(kind, url):
    def read():
        status, body = fetch(url)
        if status != 200:
            raise ValueError(f"answered {status}: {body[:300].decode(errors='replace')}")
        document.content = dict(yaml.safe_load(body) if kind == "library" else json.loads(body)[kind])

    document = Document(kind, url)
    attempt(document, read)
    return document


def walk(node):
    """Every object in it."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
        yield from walk(inner)


def controls(node):
    for inner in node.get("groups", []):
        yield from controls(inner)
    for control in node.get("controls", []):
        yield from [control, *controls(control)]


def control_ids(catalog):
    return [control["id"] for control in controls(catalog)]


def twice(values):
    return sorted(value for value, times in Counter(values).items() if times > 1)


def catalog_faults(document, expected):
    found = len(control_ids(document.content))
    document.told = f"{found} controls"
    if found != expected:
        yield f"{found} controls, but the edition has {expected}"
    for control in controls(document.content):
        for key, known in KNOWN.items():
            for part in control.get(key, []):
                if "ns" not in part and part["name"] not in known:
                    yield f"{control['id']}: OSCAL knows no {part['name']} among its {key}"


def reference_faults(document):
    top = document.content
    # The ids of roles, in the metadata, have a space of their own.
    ids = [part["id"] for part in walk({**top, "metadata": {}}) if "id" in part]
    uuids = [part["uuid"] for part in walk(top) if "uuid" in part]
    yield from (f"{one} is there twice" for one in twice(ids) + twice(uuids))
    resources = [resource["uuid"] for resource in top.get("back-matter", {}).get("resources", [])]
    for href in [part["href"] for part in walk(top) if "href" in part]:
        if href.startswith("#") and href[1:] not in resources + ids:
            yield f"{href} leads nowhere"


def mapping_faults(document, catalogs, related):
    """Both ends are there, and it says what `/v1/mappings` says."""
    said = set()
    for mapping in document.content["mappings"]:
        hrefs = {side: mapping[f"{side}-resource"]["href"] for side in ("source", "target")}
        of = {side: catalogs[urljoin(document.url, href)].content for side, href in hrefs.items()}
        there = {side: control_ids(catalog) for side, catalog in of.items()}
        for one in mapping["maps"]:
            if one["relationship"] not in RELATIONSHIPS:
                yield f"OSCAL knows no relationship {one['relationship']}"
            for side, ids in there.items():
                for end in one[f"{side}s"]:
                    if end["type"] != "control" or end["id-ref"] not in ids:
                        yield f"the {side} {end['type']} {end['id-ref']} is not in {hrefs[side]}"
            said |= {(a["id-ref"], b["id-ref"]) for a in one["sources"] for b in one["targets"]}
    document.told = f"{len(said)} relations"
    if not said:
        yield "an empty collection, which OSCAL does not allow, but trestle does"
    if said != related:
        yield f"other relations than /v1/mappings: {sorted(said ^ related)[:5]}"


class Workspace:
    def __init__(self, folder):
        self.root, self.sent = folder / "workspace", folder / "sent"  # trestle imports nothing from inside
        self.root.mkdir()
        self.sent.mkdir()
        self.trestle("init", "--local")

    def trestle(self, *arguments):
        command = [sys.executable, "-m", "trestle", *arguments, "--trestle-root", str(self.root)]
        ended = subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=120)
        if ended.returncode:
            words = " ".join((ended.stdout + ended.stderr).split())
            raise ValueError(f"trestle {arguments[0]}: {words[-600:]}")

    def take(self, document, catalogs):
        content = json.loads(json.dumps(document.content))
        if document.kind == "profile":
            import_from_workspace(document.url, content, catalogs)
        file = self.sent / f"{document.name}.json"
        file.write_text(json.dumps({document.kind: content}))
        self.trestle("import", "-f", str(file), "-o", document.name)
        self.trestle("validate", "-f", f"{FOLDERS[document.kind]}/{document.name}/{document.kind}.json")

    def resolve(self, document, asked):
        name = f"{document.name}-resolved"
        self.trestle("author", "profile-resolve", "-n", document.name, "-o", name)
        catalog = json.loads((self.root / "catalogs" / name / "catalog.json").read_text())["catalog"]
        resolved = control_ids(catalog)
        document.told = f"{len(resolved)} controls resolved"
        if sorted(resolved) != sorted(asked):
            yield f"resolves to other controls than it asks about: {sorted(set(resolved) ^ set(asked))}"


def import_from_workspace(url, profile, catalogs):
    """Trestle follows no link that is relative to where a profile came from: it is told its own address."""
    links = {f"#{one['uuid']}": one["rlinks"][0]["href"] for one in profile["back-matter"]["resources"]}
    for one in profile["imports"]:
        catalog = catalogs[urljoin(url, links[one["href"]])]
        one["href"] = f"trestle://catalogs/{catalog.name}/catalog.json"


# What CISO Assistant's loader and converter ask for: the lengths are those of its columns, and a key
# of a framework or node that it does not know breaks the update of a library.
LENGTHS = dict(urn=255, parent_urn=255, ref_id=100, name=200, provider=200, packager=100, copyright=4096)
NEEDED = {
    "library": "urn locale ref_id name description copyright version provider packager objects",
    "framework": "urn ref_id name requirement_nodes",
    "req_node": "urn assessable depth",
    "score": "score name",
}
OTHERS = {
    "library": "publication_date",
    "framework": "min_score max_score scores_definition implementation_groups_definition",
    "req_node": "parent_urn ref_id implementation_groups",
    "score": "",
}
TEXTS = ["name", "description", "annotation"]


def entry_faults(kind, entry, other):
    needed = set(NEEDED[kind].split())
    if needed - entry.keys():
        yield f"lacks {sorted(needed - entry.keys())}"
    if unknown := entry.keys() - needed - {*OTHERS[kind].split(), *TEXTS, "translations"}:
        yield f"has the unknown keys {sorted(unknown)}"
    if "urn" in entry and not re.fullmatch(rf"urn:tasuke:risk:{kind}(:[a-z0-9._-]+)+", entry["urn"]):
        yield "its urn is not well formed"
    for key, most in LENGTHS.items():
        if key in entry and not (isinstance(entry[key], str) and 0 < len(entry[key]) <= most):
            yield f"{key} is no text of up to {most} characters"
    translations = entry.get("translations", {})
    if translations.keys() != {other}:
        yield f"is not translated into {other} alone"
    for key in TEXTS:
        both = [entry.get(key), translations.get(other, {}).get(key)]
        if both != [None, None] and not all(isinstance(text, str) and text for text in both):
            yield f"{key} is not there in both languages"


def library_faults(library, locale, asked):
    framework = library["objects"]["framework"]
    scores, nodes = framework.get("scores_definition", []), framework["requirement_nodes"]
    entries = [("library", library), ("framework", framework)]
    entries += [("score", score) for score in scores] + [("req_node", node) for node in nodes]
    for kind, entry in entries:
        for fault in entry_faults(kind, entry, {"ja": "en", "en": "ja"}[locale]):
            yield f"{kind} {entry.get('urn', entry.get('score'))}: {fault}"
    for entry in (library, framework):
        if not re.fullmatch(r"[a-zA-Z0-9._-]+", entry["ref_id"]):
            yield f"the ref_id {entry['ref_id']} is not well formed"
    if library["locale"] != locale or type(library["version"]) is not int or library["version"] < 1:
        yield f"locale {library['locale']}, version {library['version']}"
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", str(library.get("publication_date", "2000-01-01"))):
        yield f"published on {library['publication_date']}"
    least, most = framework.get("min_score", 0), framework.get("max_score", 100)
    points = [least, *(score["score"] for score in scores), most]
    if any(type(one) is not int for one in points) or points != sorted(points) or not 0 <= least < most:
        yield f"the scores {points} do not rise from 0 or more"
    groups = [group["ref_id"] for group in framework.get("implementation_groups_definition", [])]
    depths = {None: 0}
    for node in nodes:
        urn, parent = node["urn"], node.get("parent_urn")
        if type(node["assessable"]) is not bool or urn in depths:
            yield f"{urn} is there twice, or is neither assessable nor not"
        # The loader takes the nodes in their order.
        if parent not in depths or node["depth"] != depths[parent] + 1:
            yield f"{urn} does not come below its parent {parent}"
        if not set(node.get("implementation_groups", [])) <= set(groups):
            yield f"{urn} is in a group that is not defined"
        depths[urn] = node["depth"]
    if [node["urn"].split(":")[-1] for node in nodes if node["assessable"]] != [one.lower() for one in asked]:
        yield "its nodes are not the items of the questionnaire"


def assessed(base):
    """A company's answers, one of each kind among them, and what is to be done about them."""
    client = json.loads(fetch(f"{base}/v1/clients", {"name": "株式会社サンプル"})[1])["id"]
    said = ["implemented", "partial", "not_implemented", "unknown", "not_applicable"]
    asked = get(f"{base}/v1/questionnaires/ipa-self-check-4.0")["sections"]
    controls = [item["control"] for section in asked for item in section["items"]]
    answers = [{"control": control, "status": said[at % 5], "note": "メモ"} for at, control in enumerate(controls)]
    body = {"client_id": client, "questionnaire": "ipa-self-check-4.0", "answers": answers, "state": "submitted"}
    url = f"{base}/v1/assessments/{json.loads(fetch(f'{base}/v1/assessments', body)[1])['id']}"
    yield export("assessment-results", f"{url}/oscal-assessment-results")
    yield export("plan-of-action-and-milestones", f"{url}/oscal-plan-of-action")


def main(base):
    guidelines = list(items(f"{base}/v1/guidelines"))
    catalogs, profiles, mappings, libraries, skipped = {}, {}, {}, {}, 0
    for guideline in guidelines:
        for edition in guideline["editions"]:
            url = f"{base}/v1/guidelines/{guideline['key']}/editions/{edition['edition']}/oscal-catalog"
            catalogs[url] = document = export("catalog", url)
            attempt(document, catalog_faults, document, edition["controls"])
    for questionnaire in items(f"{base}/v1/questionnaires"):
        url = f"{base}/v1/questionnaires/{questionnaire['id']}"
        asked = [item["control"] for section in get(url)["sections"] for item in section["items"]]
        profiles[export("profile", f"{url}/oscal-profile")] = asked
        for locale in ("ja", "en"):
            document = export("library", f"{url}/ciso-assistant-library?locale={locale}")
            libraries[document] = asked
            document.told = f"{len(asked)} items"
            attempt(document, library_faults, document.content, locale, asked)
    for one, other in [(a["key"], b["key"]) for a in guidelines for b in guidelines if a is not b]:
        pair = {"from": one, "to": other}
        # A relation that does not follow from what was stated has no name in OSCAL.
        listed = [item for item in items(f"{base}/v1/mappings", **pair) if item["relation"]]
        url = f"{base}/v1/mappings/oscal-mapping?{urlencode(pair)}"
        # A collection without a mapping would be no OSCAL: there is none to fetch then.
        if not listed and fetch(url)[0] == 404:
            skipped += 1
            continue
        related = {(item["from"]["control"], item["to"]["control"]) for item in listed}
        mappings[export("mapping-collection", url)] = related
    for document, related in mappings.items():
        attempt(document, mapping_faults, document, catalogs, related)
    oscal, uuids = [*catalogs.values(), *profiles, *mappings, *assessed(base)], {}
    for document in oscal:
        attempt(document, reference_faults, document)
        if (first := uuids.setdefault(document.content.get("uuid"), document)) is not document:
            document.faults.append(f"has the uuid of {first.url}")

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        workspace = Workspace(Path(folder))
        # Every catalog is there before a profile asks for it.
        list(pool.map(lambda document: attempt(document, workspace.take, document, catalogs), oscal))
        list(pool.map(lambda one: attempt(one[0], workspace.resolve, *one), profiles.items()))

    documents = [*oscal, *libraries]
    for document in documents:
        words = ["FAIL" if document.faults else "ok  ", document.kind, document.url.removeprefix(base)]
        print(*words, "; ".join(document.faults) or document.told)
    counts = Counter(document.kind for document in documents)
    print(", ".join(f"{kind}: {count}" for kind, count in counts.items()))
    failed = sum(1 for document in documents if document.faults)
    print(f"{len(documents) - failed} passed, {failed} failed; {skipped} pairs of guidelines without mappings")
    # Nothing to check would be a failure too.
    return 1 if failed or len(counts) < 6 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
