-- A log that is empty was emptied: whoever verifies it is told. A provider from before there was a log, of whom nothing
-- was noted since, gets a first entry now. One id is enough: it is the tenant's.
INSERT INTO audit_inbox (tenant, id, at, subject, action, effect, resource, resource_id, address, request_id, detail)
SELECT slug, '019ac000-0000-7000-8000-000000000042', CURRENT_TIMESTAMP, 'command-line', 'migrate', 'created', 'tenant',
    slug, '', '', '{"fields":[],"before":null,"after":{"slug":"' || slug || '"}}'
FROM tenants
WHERE NOT EXISTS (SELECT 1 FROM audit_inbox WHERE audit_inbox.tenant = tenants.slug)
    AND NOT EXISTS (SELECT 1 FROM audit_events WHERE audit_events.tenant = tenants.slug)
    AND NOT EXISTS (SELECT 1 FROM audit_heads WHERE audit_heads.tenant = tenants.slug);
