-- Keys are found by tenant, route and key only. With the tenant in front of this index as well, a planner that has no
-- statistics yet reads all keys of a tenant to find one. What is too old goes for all tenants in one run.
DROP INDEX idempotency_keys_by_age;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
