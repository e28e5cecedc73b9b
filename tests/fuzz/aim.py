"""Puts what is there into made-up calls, so that they get past 404, 409, 412 and 428.

What a call is meant to get wrong stays as it is. A share of the calls names what is the neighbour's, and another stays
as it was made up. The same call is aimed the same way whenever it is made: the tool makes a call again to shrink it.
"""

import json
import random
import re
import uuid
import zlib
from datetime import UTC, datetime, timedelta

from schemathesis.core.parameters import ParameterLocation as Place

from schemas import obeys, without_nulls
from world import SCOPES, SELF_CHECK, catalog

AS_MADE_UP, NEIGHBOURS = 0.06, 0.1

# Which kind of thing an operation is about, where the last name in its path does not say it.
ABOUT = {
    "createAssessmentLink": "draft",
    "createAssessmentResponse": "draft",
    "exportClient": "home",
    "getAssessment": "submitted",
    "getAssessmentAgreement": "response",
    "getAssessmentComparison": "submitted",
    "getAssessmentCsv": "submitted",
    "getAssessmentPlan": "submitted",
    "getAssessmentReport": "submitted",
    "getAssessmentResult": "submitted",
    "getAssessmentWorkbook": "submitted",
    "getClientApplicability": "home",
    "getClientHistory": "home",
    "getClientHistoryChart": "home",
    "getClientStanding": "home",
    "getOscalAssessmentResults": "submitted",
    "getOscalPlanOfAction": "submitted",
    "listAssessmentEvents": "submitted",
    "listAssessmentLinks": "link",
    "listAssessmentResponses": "response",
    "listReferrals": "referral",
    "mergeAssessmentResponses": "response",
    "reopenAssessment": "submitted",
    "reviewAssessment": "submitted",
    "submitAssessment": "answered",
    "updateAssessment": "draft",
}
BY_NAME = {"assessment": "draft", "control": "edition", "form": "incident", "guideline": "edition"}
# What ends the thing, or brings it further in its life, gets one of its own.
USES_UP = (
    "completeAction",
    "createServiceAccountSecret",
    "mergeAssessmentResponses",
    "reopenAssessment",
    "reviewAssessment",
    "submitAssessment",
)
# What follows the thing whose tag is asked for.
WITHIN = re.compile(r"/(submit|reopen|review|merge|secrets/[^/]*)$")
CONTROL = {code: None for code in [*range(32), *range(127, 160)]}


class Aim:
    """At one call."""

    def __init__(self, case, mine, theirs, shipped, known):
        self.case, self.mine, self.theirs, self.shipped, self.known = case, mine, theirs, shipped, known
        self.operation = case.operation.definition.raw["operationId"]
        self.random = random.Random(fingerprint(case, known))
        # A walk along links is made again and again, with more steps each time: what worked has to work again.
        self.follows = case.meta.phase.name.value == "stateful"
        # The names of the neighbour's that the call has now.
        self.foreign = []
        # What the path names.
        self.slot = {}

    def take(self):
        if self.case.method.upper() != self.case.operation.method.upper():
            return
        if self.follows or self.random.random() >= AS_MADE_UP:
            self.path()
            self.query()
            self.body()
            self.key()
        self.tag()

    def chance(self, share):
        return self.random.random() < share or (self.follows and share > 0.5)

    def is_wrong(self, place, name):
        """Whether this is what the call is meant to get wrong, or to try the bounds of."""
        meta = self.case.meta
        about = meta.phase.data
        if getattr(about, "parameter_location", None) is not None:
            return about.parameter_location == place and about.parameter in (name, None)
        return meta.is_negative_at(place)

    # Where

    def thing(self, kind):
        """One of this kind: of one's own, or of the neighbour's."""
        if self.chance(NEIGHBOURS):
            slot = self.random.choice(self.theirs.seed[kind])
            return slot, True
        return self.random.choice(self.mine.seed[kind]), False

    def path(self):
        names = list(self.case.path_parameters or {})
        if not names or any(self.is_wrong(Place.PATH, name) for name in names):
            return
        # A link that was followed leads to something that is there.
        if self.follows and self.is_known(names) and not self.is_of_the_seed(names):
            return
        self.slot = self.shipped_thing(names)
        if not self.slot:
            kind = ABOUT.get(self.operation) or BY_NAME.get(names[-1], names[-1])
            if kind == "home" and self.chance(0.3):
                kind = "client"
            uses_up = self.case.method.upper() == "DELETE" or self.operation in USES_UP
            is_foreign = False
            # A step is taken to be about what the step before made: not about the neighbour's.
            if kind in self.theirs.seed and not self.follows:
                self.slot, is_foreign = self.thing(kind)
            if not is_foreign:
                self.slot = self.mine.make(kind) if uses_up else self.random.choice(self.mine.seed[kind])
            if is_foreign:
                # The first name is enough to be refused by; what follows is theirs as well.
                self.foreign += [self.slot[name] for name in names if name != "edition" and name in self.slot]
        for name in names:
            if name in self.slot:
                self.case.path_parameters[name] = self.slot[name]
        if "form" in names:
            self.case.path_parameters["form"] = self.random.choice(self.shipped["form"])

    def shipped_thing(self, names):
        pick = self.random.choice
        match names:
            case ["rule"]:
                return {"rule": pick(self.shipped["rule"])}
            case ["questionnaire"]:
                return {"questionnaire": pick(list(self.shipped["questionnaire"]))}
            case ["contact"] if self.case.method.upper() == "GET" and self.chance(0.4):
                return {"contact": pick(self.shipped["contact"])}
            case ["guideline", "edition"] if self.operation == "getEditionChanges":
                return pick([one for one in self.shipped["edition"] if one["edition"] in ("3", "3.1", "4.0")])
            case ["guideline", *_] if self.case.method.upper() == "GET" and self.chance(0.6):
                return pick(self.shipped["control" if "control" in names else "edition"])
        return {}

    def is_known(self, names):
        return all(str(self.case.path_parameters[name]) in self.known for name in names)

    def is_of_the_seed(self, names):
        """What everybody needs is not for deleting."""
        if self.case.method.upper() != "DELETE" and self.operation not in USES_UP:
            return False
        there = {value for things in self.mine.seed.values() for slot in things for value in map(str, slot.values())}
        return any(str(self.case.path_parameters[name]) in there for name in names)

    # What for

    def query(self):
        for name, value in list((self.case.query or {}).items()):
            # Of a list, too: lists of nothing but made-up words find nothing.
            if isinstance(value, (str, list)) and not self.is_wrong(Place.QUERY, name) and self.chance(0.9):
                found = self.word(name)
                if found is None:
                    self.case.query.pop(name)
                elif found is not KEEP:
                    self.case.query[name] = found

    def word(self, name):
        """What a query may ask for by this name; None leaves it out."""
        pick = self.random.choice
        tag = self.case.operation.definition.raw["tags"][0]
        match name:
            case "after":
                return self.cursor()
            case "client_id":
                return self.named("home", "client")
            case "with":
                return self.named("submitted", "assessment")
            case "external_id" if tag == "clients":
                return self.named("client", "client_external_id")
            case "external_id" if tag == "incidents":
                return self.named("incident", "incident_external_id")
            case "questionnaire":
                shared = self.operation.startswith("getClientHistory") and self.chance(0.5)
                return "ipa-self-check" if shared else pick(list(self.shipped["questionnaire"]))
            case "ruleset" | "category" | "function":
                return pick(self.shipped[name])
            case "contact":
                return pick(self.shipped["contact"])
            case "from" | "to" if tag == "guidelines":
                return {"from": "ipa-sme", "to": "scs"}[name]
            case "as_of":
                return "2026-11-21T08:00:00Z"
            case "since" if tag == "incidents":
                return "2026-11-20T00:00:00Z"
            case "since":
                there = [one["edition"] for one in self.shipped["edition"] if self.is_edition_of(one)]
                return pick(there) if there else None
            case "group" | "part" | "stage":
                return self.slot.get(name) if self.chance(0.5) else None
            case "parent" | "control":
                return self.slot.get("control")
            case "star" if "scs" not in (self.case.path_parameters or {}).values():
                return None
            case "tag" | "telework_method" | "workplace" | "incident_type" | "helps_with":
                return None
            case "state":
                return pick(["draft", "submitted", "accepted", "changes_requested"])
            case "resource_id":
                return self.named("home", "client")
            case "resource":
                return pick(["client", "assessment", "incident", "contact", "service_account"])
            case "from" | "submitted_from":
                return "2026-11-01T00:00:00Z"
            case "to" | "submitted_to":
                return "2027-11-01T00:00:00Z"
        return KEEP

    def is_edition_of(self, place):
        return place["guideline"] == self.case.path_parameters.get("guideline")

    def named(self, kind, name):
        slot, is_foreign = self.thing(kind)
        if is_foreign:
            self.foreign.append(slot[name])
        return slot[name]

    def cursor(self):
        """Of the same list, as far as it has one."""
        if self.chance(0.4):
            return None
        path = self.case.operation.path.format(**self.case.path_parameters or {})
        rest = {name: value for name, value in self.case.query.items() if name not in ("after", "limit")}
        page = self.mine.session.get(self.mine.url + path, params={**rest, "limit": 1}, timeout=20)
        return page.json().get("next_cursor") if page.ok else None

    # What is said

    def body(self):
        case = self.case
        if self.is_wrong(Place.BODY, None) or case.meta.is_negative_at(Place.BODY):
            if self.operation == "createAssessmentBatch" and isinstance(case.body, dict):
                self.mend_around_faults(case.body.get("items"))
            return
        if isinstance(case.body, dict):
            said = shown(case.body) if self.chance(0.9) else json.loads(json.dumps(case.body))
            mend = getattr(self, f"mend_{snake(self.operation)}", None)
            if mend:
                mend(said)
            case.body = said
        elif case.media_type == "application/x-ndjson" and self.chance(0.8):
            case.body = "".join(json.dumps(self.new_assessment()) + "\n" for _ in range(self.random.randint(1, 3)))
        elif case.media_type == "text/csv" and self.chance(0.8):
            name = unique()
            case.body = (
                f"会社名,顧客コード,都道府県,従業員数\nみなと商店,{name}-1,愛知県,12名\n歯科医院,{name}-2,23,8\n"
            )

    def new_assessment(self):
        body = {"questionnaire": SELF_CHECK, "answers": self.mine.answers(), "external_id": unique()}
        self.mend_create_assessment(body)
        return body

    def mend_create_assessment(self, body):
        self.mend_client(body)
        questionnaire = body["questionnaire"] = self.random.choice(list(self.shipped["questionnaire"]))
        self.mend_answers(body, questionnaire)
        if body.get("carry_forward_from"):
            body["carry_forward_from"] = self.named("submitted", "assessment")
            body.pop("state", None)
        if body.get("state") == "submitted" and self.chance(0.7):
            self.answer_all(body, questionnaire)

    def mend_create_assessment_batch(self, body):
        body["items"] = body["items"][:3] or [{"questionnaire": SELF_CHECK}]
        for item in body["items"]:
            self.mend_create_assessment(item)

    def mend_around_faults(self, items):
        """All but what is wrong with them: an item may be refused for that alone."""
        for index, item in enumerate(items if isinstance(items, list) else []):
            if isinstance(item, dict):
                home = self.random.choice(self.mine.seed["home"])
                other = {name: value for name, value in item.items() if name not in ("client_id", "state")}
                other.update(client_external_id=home["client_external_id"], questionnaire=SELF_CHECK)
                if isinstance(other.get("external_id"), str):
                    other["external_id"] = unique()
                if not obeys(self.case, {"items": [without_nulls(other)]}):
                    items[index] = other

    def mend_client(self, body):
        """By the one name or by the other."""
        for name in ("client_id", "client_external_id"):
            body.pop(name, None)
        name = self.random.choice(["client", "client_external_id"])
        body["client_id" if name == "client" else name] = self.named("home", name)
        self.mend_name(body)

    def mend_name(self, body):
        if body.get("external_id") and self.chance(0.9):
            body["external_id"] = unique()

    def mend_answers(self, body, questionnaire):
        controls = self.shipped["questionnaire"].get(questionnaire, [])
        if isinstance(body.get("answers"), list):
            body["answers"] = body["answers"][: len(controls)]
            for control, answer in zip(controls, body["answers"]):
                answer["control"] = control
                self.mend_answer(answer)
        if isinstance(body.get("remove"), list):
            answered = [answer["control"] for answer in body.get("answers") or []]
            left = [control for control in controls if control not in answered]
            body["remove"] = left[: len(body["remove"])]

    def mend_answer(self, answer):
        if answer.get("status") == "not_applicable" and self.chance(0.7):
            answer["status"] = "implemented"
        if answer.get("observed_at"):
            answer["observed_at"] = ago(days=1)

    def answer_all(self, body, questionnaire):
        said = {answer["control"]: answer for answer in body.get("answers") or []}
        controls = self.shipped["questionnaire"][questionnaire]
        body["answers"] = [said.get(one, {"control": one, "status": "implemented"}) for one in controls]

    def mend_update_assessment(self, body):
        self.mend_answers(body, self.slot.get("questionnaire", SELF_CHECK))

    def mend_create_assessment_response(self, body):
        self.mend_answers(body, self.slot.get("questionnaire", SELF_CHECK))
        if self.chance(0.9):
            body["respondent"] = f"{body['respondent'][:100]} {unique()}"

    mend_update_assessment_response = mend_update_assessment
    mend_merge_assessment_responses = mend_update_assessment

    def mend_create_assessment_link(self, body):
        if body.get("expires_at"):
            body["expires_at"] = ago(days=-1)

    def mend_review_assessment(self, body):
        if body["decision"] == "changes_requested" and not (body.get("comment") or "").strip():
            body["comment"] = "ここを直してください"

    def mend_create_client(self, body):
        self.mend_name(body)

    def mend_update_client(self, body):
        self.mend_name(body)

    def mend_create_contact(self, body):
        if self.chance(0.8):
            body["id"] = f"own-{unique()}"
            body.pop("stands_for", None)
            text = {"ja": "保守会社", "en": "Maintenance"}
            for name in ("name", "does"):
                body[name] = self.text(body.get(name)) or text
            body["channels"] = body.get("channels") or [{"type": "phone", "value": "03-0000-0000"}]
        else:
            body["id"] = self.random.choice(self.shipped["contact"])
        self.mend_update_contact(body)

    def mend_update_contact(self, body):
        if self.case.method.upper() == "PATCH":
            body.pop("id", None)
            # What a contact of one's own has to have.
            for name in ("name", "does"):
                if name in body and not self.text(body[name]) and self.chance(0.9):
                    body.pop(name)
        if body.get("stands_for"):
            body["stands_for"] = self.random.choice(self.shipped["contact"])
        for channel in body.get("channels") or []:
            channel["value"] = CHANNELS.get(channel["type"])
            opening = channel.get("opening")
            if opening and (opening.get("always") or self.chance(0.8)):
                channel["opening"] = {"always": True}

    def text(self, value):
        return value if value and all((value.get(language) or "").strip() for language in ("ja", "en")) else None

    def mend_create_guideline(self, body):
        body["guideline"] = f"own-{unique()}"[:40]
        if self.chance(0.8):
            body["catalog"] = catalog()

    def mend_create_incident(self, body):
        if self.chance(0.95):
            self.mend_client(body)
        self.mend_facts(body.get("facts"))

    def mend_update_incident(self, body):
        for name in ("client_id", "client_external_id"):
            body.pop(name, None)
        self.mend_name(body)
        self.mend_facts(body.get("facts"))

    def mend_facts(self, facts):
        incident = (facts or {}).get("incident") or {}
        for name in ("aware_at", "occurred_at"):
            if incident.get(name):
                incident[name] = "2026-11-20T08:10:00+09:00"
        # It is the incident's own.
        incident.pop("id", None)
        impact = (facts or {}).get("impact") or {}
        if impact.get("money_transferred_at"):
            impact["money_transferred_at"] = "2026-11-20T08:05:00+09:00"

    def mend_decide_routing(self, body):
        if self.chance(0.8):
            body["as_of"] = "2026-11-21T08:00:00Z"
            self.mend_facts(body)
            for done in (body.get("history") or {}).get("done") or []:
                done.update(contact="insurer", action="notify")

    def mend_complete_action(self, body):
        actions = self.slot.get("actions")
        if actions:
            body.update(self.random.choice(actions))
            body.pop("party", None)
        if body.get("at"):
            body["at"] = ago(minutes=5)

    def mend_create_referral(self, body):
        body.update(contact="jpcert_consult", action="consult")
        body.pop("party", None)

    def mend_update_referral(self, body):
        if body.get("state") == "sent" and self.chance(0.7):
            body.pop("state")

    def mend_create_service_account(self, body):
        self.mend_account(body)
        body["name"] = f"{body['name'][:100]} {unique()}"

    def mend_account(self, body):
        if body.get("scopes"):
            body["scopes"] = SCOPES[: len(body["scopes"])]
        if body.get("allowed_addresses"):
            body["allowed_addresses"] = ["127.0.0.0/8", "203.0.113.7"][: len(body["allowed_addresses"])]
        if body.get("public_keys"):
            key = {"kid": unique(), "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": PUBLIC_KEY}
            body["public_keys"] = [key]
        if body.get("client_id"):
            body["client_id"] = self.named("home", "client")
        if body.get("expires_at"):
            body["expires_at"] = ago(days=-30)

    def mend_update_service_account(self, body):
        self.mend_account(body)
        if body.get("name"):
            body["name"] = f"{body['name'][:100]} {unique()}"

    def mend_issue_token(self, body):
        account = self.random.choice(self.mine.seed["secret"])
        for name in ("client_assertion", "client_assertion_type", "only_client"):
            body.pop(name, None)
        body.update(grant_type="client_credentials", client_id=account["oauth_client_id"])
        body["client_secret"] = account["client_secret"]
        if body.get("scope"):
            body["scope"] = SCOPES[0]
        self.case.headers.pop("Authorization", None)

    # With which headers

    def key(self):
        """One that was never used, or every second call would be refused for being another with the same."""
        headers = self.case.headers or {}
        if "Idempotency-Key" in headers and not self.is_wrong(Place.HEADER, "Idempotency-Key") and self.chance(0.95):
            headers["Idempotency-Key"] = unique()

    def tag(self):
        """As it is now: whoever owns the thing is asked."""
        headers = self.case.headers or {}
        if "If-Match" not in headers or self.is_wrong(Place.HEADER, "If-Match") or not self.chance(0.9):
            return
        owner = self.theirs if self.foreign else self.mine
        try:
            path = WITHIN.sub("", self.case.formatted_path)
        except (TypeError, ValueError):
            return
        tag = owner.etag(path)
        if tag:
            headers["If-Match"] = tag


KEEP = object()
CHANNELS = {
    "phone": "03-0000-0000",
    "email": "help@example.jp",
    "web_form": "https://example.jp/form",
    "web": "https://example.jp/",
    "in_person": "東京都千代田区1-1",
    "post": "東京都千代田区1-1",
    "contract_contact": "契約書の連絡先",
}
PUBLIC_KEY = "jYNcD9E85bzPytPJM5ZUEM_Capp34nq9F3Pe2Cm93lA"


def unique():
    return uuid.uuid4().hex


def ago(**time):
    return (datetime.now(UTC) - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


def shown(value):
    """Without the characters that no text may have."""
    if isinstance(value, dict):
        return {name.translate(CONTROL): shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    if not isinstance(value, str):
        return value
    bare = value.translate(CONTROL)
    # What is nothing but such characters stays, or it would be too short.
    return bare if bare.strip() else value


def snake(name):
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def fingerprint(case, known):
    """What is made up of the call, which is the same for the same seed: no id that the service gave."""
    meta = case.meta
    about = [meta.phase.name.value, getattr(meta.phase.data, "description", "")]
    headers = {name: value for name, value in (case.headers or {}).items() if name != "Authorization"}
    names = {name: "known" if str(value) in known else value for name, value in (case.path_parameters or {}).items()}
    parts = [case.method, case.operation.path, about, names, case.query, headers, case.body]
    return zlib.crc32(repr(parts).encode("utf-8", "surrogatepass"))
