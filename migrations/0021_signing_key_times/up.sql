-- Keys follow each other: one signs from a time on, the one before it goes on checking until its tokens have
-- died. The slot of a later key is its own name.
ALTER TABLE signing_keys ADD COLUMN signs_from TIMESTAMP;
ALTER TABLE signing_keys ADD COLUMN checks_until TIMESTAMP;
