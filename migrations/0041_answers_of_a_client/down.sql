ALTER TABLE idempotency_keys DROP COLUMN client_id;
