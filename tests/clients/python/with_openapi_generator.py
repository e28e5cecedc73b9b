"""The script of all clients, with openapi-generator's Python client."""

import json
import os

import tasuke_client as api
from tasuke_client.exceptions import ApiException

configuration = api.Configuration(host=os.environ["TASUKE_URL"])
client = api.ApiClient(configuration)
guidelines, clients = api.GuidelinesApi(client), api.ClientsApi(client)
assessments, routing = api.AssessmentsApi(client), api.RoutingApi(client)

# token
asked = api.IdentityApi(client).issue_token(
    grant_type="client_credentials",
    client_id=os.environ["TASUKE_CLIENT_ID"],
    client_secret=os.environ["TASUKE_CLIENT_SECRET"],
)
configuration.access_token = asked.access_token

# controls
found = guidelines.list_controls("ipa-sme", "3.1", group="self-check", q="backup")
assert found.items[0].key == "self-check-11"

# client
created = clients.create_client_with_http_info(
    api.NewClient(name="株式会社ジェネ", external_id="py-gen", prefecture="23")
)
assert created.headers is not None
seen = created.headers["etag"]

# submit, and retry
answers = [api.AnswerInput(control=f"self-check-{n:02}", status=api.AnswerStatus.IMPLEMENTED) for n in range(1, 26)]
body = api.NewAssessment(
    client_id=created.data.id,
    questionnaire="ipa-self-check-3.1",
    state=api.NewAssessmentState.SUBMITTED,
    answers=answers,
)
first, again = (assessments.create_assessment_with_http_info(body, idempotency_key="py-gen-1") for _ in range(2))
assert first.data.state == "submitted" and first.data.id == again.data.id
assert again.headers is not None and again.headers["idempotent-replayed"] == "true"

# result
assert assessments.get_assessment_result(first.data.id).score == 100

# batch with one bad item
items = [
    api.NewAssessment(client_external_id=name, questionnaire="ipa-basic-rules-3.1", external_id="2026-11", answers=[])
    for name in ("py-gen", "nobody")
]
batch = assessments.create_assessment_batch("py-gen-2", api.NewAssessmentBatch(items=items))
assert [verdict.outcome for verdict in batch.items] == ["created", "rejected"]
assert batch.items[1].problem.errors[0].code == "unknown-client"

# routing decision
with open(os.environ["TASUKE_FACTS"], encoding="utf-8") as file:
    facts = api.RoutingFacts.from_dict(json.load(file))
assert facts is not None
decision = routing.decide_routing(facts)
assert any(action.contact == "ppc_leak_report" and action.obligation == "must" for action in decision.actions)

# pages
count, after = 0, None
while True:
    page = guidelines.list_controls("ipa-sme", "3.1", group="self-check", limit=10, after=after)
    count, after = count + len(page.items), page.next_cursor
    if after is None:
        break
assert count == 25

# ETag conflict
changed = clients.update_client(created.data.id, seen, api.ClientPatch(employees=45))
assert changed.employees == 45
try:
    clients.update_client(created.data.id, seen, api.ClientPatch(employees=46))
    raise SystemExit("a stale change was taken")
except ApiException as error:
    assert error.status == 412 and error.data.code == "stale"
print("openapi-generator (python): all steps passed")
