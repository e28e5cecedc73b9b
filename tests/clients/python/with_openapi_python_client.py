"""The script of all clients, with openapi-python-client."""

import json
import os

from tasuke_opc import AuthenticatedClient, Client
from tasuke_opc.api.assessments import create_assessment, create_assessment_batch, get_assessment_result
from tasuke_opc.api.clients import create_client, update_client
from tasuke_opc.api.guidelines import list_controls
from tasuke_opc.api.identity import issue_token
from tasuke_opc.api.routing import decide_routing
from tasuke_opc.models import (
    AnswerInput,
    AnswerStatus,
    AssessmentBatch,
    AssessmentResult,
    ClientCompany,
    ClientPatch,
    NewAccessToken,
    NewAssessment,
    NewAssessmentBatch,
    NewAssessmentState,
    NewClient,
    Problem,
    RoutingDecision,
    RoutingFacts,
)
from tasuke_opc.types import UNSET, Unset

url = os.environ["TASUKE_URL"]

# token
asked = issue_token.sync(
    client=Client(base_url=url),
    body=NewAccessToken(
        grant_type="client_credentials",
        client_id=os.environ["TASUKE_CLIENT_ID"],
        client_secret=os.environ["TASUKE_CLIENT_SECRET"],
    ),
)
client = AuthenticatedClient(base_url=url, token=asked.access_token)

# controls
found = list_controls.sync("ipa-sme", "3.1", client=client, group="self-check", q="backup")
assert found.items[0].key == "self-check-11"

# client
created = create_client.sync_detailed(
    client=client, body=NewClient(name="株式会社パイ", external_id="py-opc", prefecture="23")
)
assert isinstance(created.parsed, ClientCompany)
seen = created.headers["etag"]

# submit, and retry
answers = [AnswerInput(control=f"self-check-{n:02}", status=AnswerStatus.IMPLEMENTED) for n in range(1, 26)]
body = NewAssessment(
    client_id=created.parsed.id,
    questionnaire="ipa-self-check-3.1",
    state=NewAssessmentState.SUBMITTED,
    answers=answers,
)
first, again = (
    create_assessment.sync_detailed(client=client, body=body, idempotency_key="py-opc-1") for _ in range(2)
)
assert first.parsed.state == "submitted" and first.parsed.id == again.parsed.id
assert again.headers["idempotent-replayed"] == "true"

# result
result = get_assessment_result.sync(first.parsed.id, client=client)
assert isinstance(result, AssessmentResult) and result.score == 100

# batch with one bad item
items = [
    NewAssessment(client_external_id=name, questionnaire="ipa-basic-rules-3.1", external_id="2026-11", answers=[])
    for name in ("py-opc", "nobody")
]
batch = create_assessment_batch.sync(
    client=client, body=NewAssessmentBatch(items=items), idempotency_key="py-opc-2"
)
assert isinstance(batch, AssessmentBatch)
assert [verdict.outcome for verdict in batch.items] == ["created", "rejected"]
assert isinstance(batch.items[1].problem, Problem) and batch.items[1].problem.errors[0].code == "unknown-client"

# routing decision
with open(os.environ["TASUKE_FACTS"], encoding="utf-8") as file:
    facts = RoutingFacts.from_dict(json.load(file))
decision = decide_routing.sync(client=client, body=facts)
assert isinstance(decision, RoutingDecision)
assert any(action.contact == "ppc_leak_report" and action.obligation == "must" for action in decision.actions)

# pages
count = 0
after: str | None | Unset = UNSET
while after is not None:
    page = list_controls.sync("ipa-sme", "3.1", client=client, group="self-check", limit=10, after=after)
    count, after = count + len(page.items), page.next_cursor
assert count == 25

# ETag conflict
changed = update_client.sync(created.parsed.id, client=client, if_match=seen, body=ClientPatch(employees=45))
assert isinstance(changed, ClientCompany) and changed.employees == 45
stale = update_client.sync(created.parsed.id, client=client, if_match=seen, body=ClientPatch(employees=46))
assert isinstance(stale, Problem) and stale.code == "stale"
print("openapi-python-client: all steps passed")
