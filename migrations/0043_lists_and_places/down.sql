DROP INDEX idempotency_keys_by_place;
ALTER TABLE idempotency_keys DROP COLUMN place;
DROP INDEX assessments_by_time;
DROP INDEX assessments_by_questionnaire;
DROP INDEX assessments_by_state;
