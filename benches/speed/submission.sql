-- What one submission does in the database, in a transaction of its own.
\set client random(0, 199)
\set n random(1, 1000000000)
BEGIN;
SELECT pg_try_advisory_xact_lock(hashtextextended('bench' || :n, 0)) AS locked;
SELECT key, created_at, fingerprint, location, body FROM idempotency_keys WHERE tenant = 'bench' AND route = 'POST /v1/assessments' AND key = 'p-' || :round || '-' || :n;
SELECT tenant, id AS client_id, external_id, name, industry, employees, prefecture, profile, contracts, revision, created_at, updated_at FROM clients WHERE tenant = 'bench' AND external_id = 'c-' || :client LIMIT 1 \gset
INSERT INTO assessments (tenant, id, client_id, questionnaire, external_id, state, answers, fingerprint, carried_from, revision, created_by, created_at, updated_at, submitted_at, submitted_by, review) VALUES ('bench', lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || substr(gen_random_uuid()::text, 13), :client_id, 'ipa-self-check-3.1', 'p-' || :round || '-' || :n, 'submitted', :answers, repeat('f', 64), NULL, 1, 'bench', now(), now(), now(), 'bench', NULL) ON CONFLICT DO NOTHING RETURNING id AS assessment \gset
INSERT INTO assessment_events (tenant, assessment_id, sequence, kind, detail, made_by, made_at) VALUES ('bench', :assessment, 1, 'submitted', '{}', 'bench', now());
INSERT INTO audit_inbox (tenant, id, at, subject, account, action, effect, resource, resource_id, client_id, address, request_id, detail) VALUES ('bench', lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || substr(gen_random_uuid()::text, 13), now(), 'bench', NULL, 'createAssessment', 'created', 'assessments', :assessment, :client_id, '127.0.0.1', repeat('r', 36), :detail);
INSERT INTO idempotency_keys (tenant, route, key, fingerprint, location, body, created_at, place) VALUES ('bench', 'POST /v1/assessments', 'p-' || :round || '-' || :n, repeat('f', 64), '/v1/assessments/' || :assessment, :told, now(), '/v1/assessments/' || :assessment) ON CONFLICT DO NOTHING;
COMMIT;
