"""What there is of a tenant's, how more of it is made, and the words that ship."""

import itertools
import json
import sys

import requests

SCOPES = ["clients:read", "assessments:read"]
SELF_CHECK = "ipa-self-check-3.1"
# How many of each are there from the start. What is deleted or moved on in its life is made for the call.
SEED = {
    "client": 4,
    "home": 1,
    "draft": 4,
    "submitted": 3,
    "response": 3,
    "link": 3,
    "incident": 4,
    "referral": 3,
    "contact": 3,
    "edition": 2,
    "account": 3,
    "secret": 2,
}


class World:
    def __init__(self, url, tenant, token, seed=None):
        self.url, self.tenant, self.token = url, tenant, token
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.numbers = itertools.count(1_000_000 if seed else 1)
        # Kind and what of its kind there is: names of path parameters, and what else a call may need to know.
        self.seed = seed or {}

    def plant(self):
        for kind, count in SEED.items():
            self.seed[kind] = [self.make(kind) for _ in range(count)]

    def make(self, kind):
        return getattr(self, kind)()

    def send(self, method, path, body=None):
        answer = self.session.request(method, self.url + path, json=body, timeout=20)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def etag(self, path):
        """Of what is there now; None where there is nothing."""
        return self.session.get(self.url + path, timeout=20).headers.get("ETag")

    def name(self, what):
        return f"{self.tenant}-{what}-{next(self.numbers)}"

    def client(self):
        name = self.name("c")
        made = self.send("POST", "/v1/clients", {"name": f"会社{name}", "external_id": name, "prefecture": "23"})
        return {"client": made["id"], "client_external_id": name}

    def home(self):
        """The client that everything else is about. Nobody renames or deletes it."""
        return self.client()

    def assessment(self, **fields):
        home = self.seed["home"][0]
        body = {"client_id": home["client"], "questionnaire": SELF_CHECK, "external_id": self.name("a"), **fields}
        made = self.send("POST", "/v1/assessments", body)
        return {"assessment": made["id"], "questionnaire": SELF_CHECK, "assessment_external_id": body["external_id"]}

    def draft(self):
        return self.assessment()

    def answered(self):
        return self.assessment(answers=self.answers())

    def submitted(self):
        return self.assessment(answers=self.answers(), state="submitted")

    def answers(self):
        words = ["implemented", "partial", "not_implemented", "unknown"]
        start = next(self.numbers)
        return [{"control": f"self-check-{n:02}", "status": words[(n * n + start) % 4]} for n in range(1, 26)]

    def response(self):
        draft = self.draft()
        body = {"respondent": self.name("r"), "answers": self.answers()[:5]}
        made = self.send("POST", f"/v1/assessments/{draft['assessment']}/responses", body)
        return {**draft, "response": made["id"]}

    def link(self):
        draft = self.draft()
        path = f"/v1/assessments/{draft['assessment']}/links"
        return {**draft, "link": self.send("POST", path, {"respondent": self.name("l")})["id"]}

    def incident(self):
        name = self.name("i")
        facts = {
            "incident": {"types": ["ransomware"], "stage": "initial", "aware_at": "2026-11-20T08:10:00+09:00"},
            "personal_data": {"involved": "confirmed", "role": "controller", "principal_count": 1500},
            "impact": {"service_outage": "confirmed"},
        }
        client = self.seed["home"][0]["client"]
        body = {"client_id": client, "title": f"事案{name}", "external_id": name, "facts": facts}
        incident = self.send("POST", "/v1/incidents", body)["id"]
        plan = self.send("GET", f"/v1/incidents/{incident}/plan")["actions"]
        actions = [{name: one[name] for name in ("contact", "action")} for one in plan if not one["party"]]
        return {"incident": incident, "incident_external_id": name, "actions": actions}

    def referral(self):
        incident = self.incident()
        path = f"/v1/incidents/{incident['incident']}/referrals"
        made = self.send("POST", path, {"contact": "jpcert_consult", "action": "consult"})
        return {**incident, "referral": made["id"]}

    def contact(self):
        name = f"own-{self.name('k')}"
        text = {"ja": "保守会社", "en": "Maintenance"}
        body = {"id": name, "name": text, "does": text, "channels": [{"type": "phone", "value": "03-0000-0000"}]}
        return {"contact": self.send("POST", "/v1/contacts", body)["id"]}

    def edition(self):
        name = f"own-{self.name('g')}"
        self.send("POST", "/v1/guidelines", {"guideline": name, "edition": "2026.1", "catalog": catalog()})
        return {"guideline": name, "edition": "2026.1", "control": "bk-1"}

    def account(self):
        made = self.send("POST", "/v1/service-accounts", {"name": self.name("s"), "scopes": SCOPES})
        return {"account": made["id"], "oauth_client_id": made["oauth_client_id"]}

    def secret(self):
        account = self.account()
        made = self.send("POST", f"/v1/service-accounts/{account['account']}/secrets", {})
        return {**account, "secret": made["id"], "client_secret": made["secret"]}


def catalog():
    statement = {"id": "bk-1_smt", "name": "statement", "prose": "重要なデータを週に1度以上バックアップする。"}
    control = {"id": "bk-1", "title": "週次の取得", "parts": [statement]}
    return {
        "uuid": "6f2b4a4e-9d4c-4b0e-8f0a-1c8d54a575e1",
        "metadata": {
            "title": "当社の基準",
            "last-modified": "2026-11-01T00:00:00+09:00",
            "version": "2026.1",
            "oscal-version": "1.2.1",
        },
        "groups": [{"id": "backup", "title": "バックアップ", "controls": [control]}],
    }


def shipped(world):
    """Words that are the same for everybody."""

    def items(path):
        return world.send("GET", path)["items"]

    guidelines = [one for one in items("/v1/guidelines") if not one["key"].startswith("own-")]
    editions, controls = [], []
    for guideline in guidelines:
        for edition in guideline["editions"]:
            place = {"guideline": guideline["key"], "edition": edition["edition"]}
            found = items(f"/v1/guidelines/{guideline['key']}/editions/{edition['edition']}/controls?limit=2")
            editions.append(place)
            controls += [
                {**place, **{name: one[name] for name in ("group", "part", "stage")}, "control": one["key"]}
                for one in found
            ]
    questionnaires = {}
    for one in items("/v1/questionnaires"):
        whole = world.send("GET", f"/v1/questionnaires/{one['id']}")
        questionnaires[one["id"]] = [item["control"] for part in whole["sections"] for item in part["items"]]
    contacts = items("/v1/contacts?limit=20")
    return {
        "edition": editions,
        "control": controls,
        "questionnaire": questionnaires,
        "contact": [one["id"] for one in contacts],
        "category": sorted({one["category"] for one in contacts}),
        "function": sorted({word for one in contacts for word in one["functions"]}),
        "rule": [one["id"] for one in items("/v1/routing-rules?limit=20")],
        "form": [one["form"] for one in items("/v1/routing-forms")],
        "ruleset": [one["version"] for one in items("/v1/routing-rulesets")],
    }


def main():
    """`world.py URL TENANT=TOKEN ...` makes what is there from the start, and prints it as JSON."""
    url, *tenants = sys.argv[1:]
    worlds = [World(url, *tenant.split("=", 1)) for tenant in tenants]
    for world in worlds:
        world.plant()
    told = {world.tenant: {"token": world.token, "seed": world.seed} for world in worlds}
    json.dump({"url": url, "shipped": shipped(worlds[0]), "tenants": told}, sys.stdout)


if __name__ == "__main__":
    main()
