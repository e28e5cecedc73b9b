-- Before, there was one key: the newest that signs stays.
DELETE FROM signing_keys WHERE slot <> 'current'
    AND EXISTS (SELECT 1 FROM signing_keys AS other WHERE other.slot = 'current');
ALTER TABLE signing_keys DROP COLUMN checks_until;
ALTER TABLE signing_keys DROP COLUMN signs_from;
