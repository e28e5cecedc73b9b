-- Whose client a kept answer tells of: it goes when the client goes.
ALTER TABLE idempotency_keys ADD COLUMN client_id TEXT;
