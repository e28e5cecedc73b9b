-- Links by which one respondent answers one assessment. The client stands in each row, because a token may
-- be narrowed to one.
CREATE TABLE assessment_links (
    tenant        TEXT      NOT NULL,
    id            TEXT      NOT NULL,
    assessment_id TEXT      NOT NULL,
    client_id     TEXT      NOT NULL,
    respondent    TEXT      NOT NULL,
    secret        TEXT      NOT NULL,
    created_by    TEXT      NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, secret),
    FOREIGN KEY (tenant, assessment_id) REFERENCES assessments (tenant, id) ON DELETE CASCADE
);

CREATE INDEX assessment_links_by_assessment ON assessment_links (tenant, assessment_id, id);
