-- Review, carrying forward, and what goes away with a client. A CHECK cannot be changed on SQLite, so the
-- table is made anew; nothing refers to it yet.
CREATE TABLE assessments_next (
    tenant         TEXT      NOT NULL,
    id             TEXT      NOT NULL,
    client_id      TEXT      NOT NULL,
    questionnaire  TEXT      NOT NULL,
    external_id    TEXT,
    state          TEXT      NOT NULL CHECK (state IN ('draft', 'submitted', 'changes_requested', 'accepted')),
    answers        TEXT      NOT NULL,
    fingerprint    TEXT      NOT NULL,
    carried_from   TEXT,
    revision       INTEGER   NOT NULL CHECK (revision > 0),
    created_by     TEXT      NOT NULL,
    created_at     TIMESTAMP NOT NULL,
    updated_at     TIMESTAMP NOT NULL,
    submitted_at   TIMESTAMP,
    submitted_by   TEXT,
    review         TEXT,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, client_id, external_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, id) ON DELETE CASCADE,
    CHECK ((state = 'draft') = (submitted_at IS NULL))
);

INSERT INTO assessments_next
    (tenant, id, client_id, questionnaire, external_id, state, answers, fingerprint, revision, created_by,
     created_at, updated_at, submitted_at, submitted_by)
SELECT tenant, id, client_id, questionnaire, external_id, state, answers, fingerprint, revision, created_by,
       created_at, updated_at, submitted_at, submitted_by
FROM assessments;

DROP TABLE assessments;

ALTER TABLE assessments_next RENAME TO assessments;

CREATE INDEX assessments_by_client ON assessments (tenant, client_id, id);

-- What happened to an assessment after it was made: who answered what, who decided what.
CREATE TABLE assessment_events (
    tenant        TEXT      NOT NULL,
    assessment_id TEXT      NOT NULL,
    sequence      INTEGER   NOT NULL CHECK (sequence > 0),
    kind          TEXT      NOT NULL,
    detail        TEXT      NOT NULL,
    made_by       TEXT      NOT NULL,
    made_at       TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, assessment_id, sequence),
    FOREIGN KEY (tenant, assessment_id) REFERENCES assessments (tenant, id) ON DELETE CASCADE
);

-- The answers of one site or department, before a person in charge merges them.
CREATE TABLE assessment_responses (
    tenant        TEXT      NOT NULL,
    id            TEXT      NOT NULL,
    assessment_id TEXT      NOT NULL,
    respondent    TEXT      NOT NULL,
    answers       TEXT      NOT NULL,
    revision      INTEGER   NOT NULL CHECK (revision > 0),
    created_by    TEXT      NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, assessment_id, respondent),
    FOREIGN KEY (tenant, assessment_id) REFERENCES assessments (tenant, id) ON DELETE CASCADE
);
