// The script of all clients, with hey-api.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { client } from "./hey/client.gen";
import * as api from "./hey/sdk.gen";
import type { AnswerInput, RoutingFacts } from "./hey/types.gen";

client.setConfig({ baseUrl: process.env.TASUKE_URL! });

// token
const asked = await api.issueToken({
  body: {
    grant_type: "client_credentials",
    client_id: process.env.TASUKE_CLIENT_ID!,
    client_secret: process.env.TASUKE_CLIENT_SECRET!,
  },
});
assert(asked.data);
client.setConfig({ auth: asked.data.access_token });

// controls
const path = { guideline: "ipa-sme", edition: "3.1" };
const found = await api.listControls({ path, query: { group: "self-check", q: "backup" } });
assert.equal(found.data?.items[0]?.key, "self-check-11");

// client
const created = await api.createClient({ body: { name: "株式会社ヘイ", external_id: "ts-hey", prefecture: "23" } });
assert(created.data);
const seen = created.response!.headers.get("etag")!;

// submit, and retry
const answers: AnswerInput[] = Array.from({ length: 25 }, (_, n) => ({
  control: `self-check-${String(n + 1).padStart(2, "0")}`,
  status: "implemented",
}));
const submit = () =>
  api.createAssessment({
    headers: { "Idempotency-Key": "ts-hey-1" },
    body: { client_id: created.data!.id, questionnaire: "ipa-self-check-3.1", state: "submitted", answers },
  });
const [first, again] = [await submit(), await submit()];
assert.equal(first.data?.state, "submitted");
assert.equal(again.data?.id, first.data.id);
assert.equal(again.response!.headers.get("idempotent-replayed"), "true");

// result
const result = await api.getAssessmentResult({ path: { assessment: first.data.id } });
assert.equal(result.data?.score, 100);

// batch with one bad item
const item = { questionnaire: "ipa-basic-rules-3.1", external_id: "2026-11", answers: [] };
const batch = await api.createAssessmentBatch({
  headers: { "Idempotency-Key": "ts-hey-2" },
  body: { items: [{ ...item, client_external_id: "ts-hey" }, { ...item, client_external_id: "nobody" }] },
});
assert.deepEqual(batch.data?.items.map((verdict) => verdict.outcome), ["created", "rejected"]);
assert.equal(batch.data?.items[1]?.problem?.errors[0]?.code, "unknown-client");

// routing decision
const facts: RoutingFacts = JSON.parse(readFileSync(process.env.TASUKE_FACTS!, "utf8"));
const decision = await api.decideRouting({ body: facts });
assert(decision.data?.actions.some((action) => action.contact === "ppc_leak_report" && action.obligation === "must"));

// pages
let [count, after] = [0, undefined as string | undefined];
do {
  const page = await api.listControls({ path, query: { group: "self-check", limit: 10, after } });
  count += page.data!.items.length;
  after = page.data!.next_cursor ?? undefined;
} while (after);
assert.equal(count, 25);

// ETag conflict
const change = (employees: number) =>
  api.updateClient({ path: { client: created.data!.id }, headers: { "If-Match": seen }, body: { employees } });
assert.equal((await change(45)).data?.employees, 45);
assert.equal((await change(46)).error?.code, "stale");
console.log("hey-api: all steps passed");
