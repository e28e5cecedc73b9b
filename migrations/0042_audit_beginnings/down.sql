-- What is sealed already stays.
DELETE FROM audit_inbox WHERE id = '019ac000-0000-7000-8000-000000000042';
