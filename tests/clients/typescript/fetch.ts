// The script of all clients, with openapi-typescript and openapi-fetch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./fetch/schema";

const url = process.env.TASUKE_URL!;
const open = createClient<paths>({ baseUrl: url });

// token
const asked = await open.POST("/oauth2/token", {
  body: {
    grant_type: "client_credentials",
    client_id: process.env.TASUKE_CLIENT_ID!,
    client_secret: process.env.TASUKE_CLIENT_SECRET!,
  },
  bodySerializer: (body) => new URLSearchParams(body as Record<string, string>),
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
assert(asked.data);
const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${asked.data.access_token}` } });

// controls
const place = { guideline: "ipa-sme", edition: "3.1" };
const found = await open.GET("/v1/guidelines/{guideline}/editions/{edition}/controls", {
  params: { path: place, query: { group: "self-check", q: "backup" } },
});
assert.equal(found.data?.items[0]?.key, "self-check-11");

// client
const created = await api.POST("/v1/clients", {
  body: { name: "株式会社フェッチ", external_id: "ts-fetch", prefecture: "23" },
});
assert(created.data);
const seen = created.response.headers.get("etag")!;

// submit, and retry
const answers: components["schemas"]["AnswerInput"][] = Array.from({ length: 25 }, (_, n) => ({
  control: `self-check-${String(n + 1).padStart(2, "0")}`,
  status: "implemented",
}));
const submit = () =>
  api.POST("/v1/assessments", {
    params: { header: { "Idempotency-Key": "ts-fetch-1" } },
    body: { client_id: created.data!.id, questionnaire: "ipa-self-check-3.1", state: "submitted", answers },
  });
const [first, again] = [await submit(), await submit()];
assert.equal(first.data?.state, "submitted");
assert.equal(again.data?.id, first.data.id);
assert.equal(again.response.headers.get("idempotent-replayed"), "true");

// result
const result = await api.GET("/v1/assessments/{assessment}/result", { params: { path: { assessment: first.data.id } } });
assert.equal(result.data?.score, 100);

// batch with one bad item
const item = { questionnaire: "ipa-basic-rules-3.1", external_id: "2026-11", answers: [] };
const batch = await api.POST("/v1/assessment-batches", {
  params: { header: { "Idempotency-Key": "ts-fetch-2" } },
  body: { items: [{ ...item, client_external_id: "ts-fetch" }, { ...item, client_external_id: "nobody" }] },
});
assert.deepEqual(batch.data?.items.map((verdict) => verdict.outcome), ["created", "rejected"]);
assert.equal(batch.data?.items[1]?.problem?.errors[0]?.code, "unknown-client");

// routing decision
const facts: components["schemas"]["RoutingFacts"] = JSON.parse(readFileSync(process.env.TASUKE_FACTS!, "utf8"));
const decision = await api.POST("/v1/routings", { body: facts });
assert(decision.data?.actions.some((action) => action.contact === "ppc_leak_report" && action.obligation === "must"));

// pages
let [count, after] = [0, undefined as string | undefined];
do {
  const page = await open.GET("/v1/guidelines/{guideline}/editions/{edition}/controls", {
    params: { path: place, query: { group: "self-check", limit: 10, after } },
  });
  count += page.data!.items.length;
  after = page.data!.next_cursor ?? undefined;
} while (after);
assert.equal(count, 25);

// ETag conflict
const change = (employees: number) =>
  api.PATCH("/v1/clients/{client}", {
    params: { path: { client: created.data!.id }, header: { "If-Match": seen } },
    body: { employees },
    headers: { "Content-Type": "application/merge-patch+json" },
  });
assert.equal((await change(45)).data?.employees, 45);
assert.equal((await change(46)).error?.code, "stale");
console.log("openapi-fetch: all steps passed");
