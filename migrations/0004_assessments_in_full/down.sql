DROP TABLE assessment_responses;
DROP TABLE assessment_events;

CREATE TABLE assessments_before (
    tenant        TEXT      NOT NULL,
    id            TEXT      NOT NULL,
    client_id     TEXT      NOT NULL,
    questionnaire TEXT      NOT NULL,
    external_id   TEXT,
    state         TEXT      NOT NULL CHECK (state IN ('draft', 'submitted')),
    answers       TEXT      NOT NULL,
    fingerprint   TEXT      NOT NULL,
    revision      INTEGER   NOT NULL CHECK (revision > 0),
    created_by    TEXT      NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    submitted_at  TIMESTAMP,
    submitted_by  TEXT,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, client_id, external_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, id),
    CHECK ((state = 'draft') = (submitted_at IS NULL))
);

-- The old states know no review.
INSERT INTO assessments_before
SELECT tenant, id, client_id, questionnaire, external_id,
       CASE state WHEN 'draft' THEN 'draft' ELSE 'submitted' END,
       answers, fingerprint, revision, created_by, created_at, updated_at, submitted_at, submitted_by
FROM assessments;

DROP TABLE assessments;

ALTER TABLE assessments_before RENAME TO assessments;

CREATE INDEX assessments_by_client ON assessments (tenant, client_id, id);
