-- One portable subset for SQLite and PostgreSQL: text ids, naive UTC times, documents as JSON text.
-- The primary key of what belongs to a tenant starts with the tenant, and foreign keys are composite,
-- so that a reference into another tenant cannot be stored.
CREATE TABLE tenants (
    slug       TEXT      NOT NULL PRIMARY KEY,
    name       TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- One row per slot, so that two replicas that start at once agree on one key.
CREATE TABLE signing_keys (
    slot       TEXT      NOT NULL PRIMARY KEY,
    kid        TEXT      NOT NULL,
    pkcs8      TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE clients (
    tenant      TEXT      NOT NULL REFERENCES tenants (slug),
    id          TEXT      NOT NULL,
    external_id TEXT,
    name        TEXT      NOT NULL,
    industry    TEXT,
    employees   INTEGER,
    prefecture  TEXT,
    profile     TEXT      NOT NULL,
    contracts   TEXT      NOT NULL,
    revision    INTEGER   NOT NULL CHECK (revision > 0),
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, external_id)
);

CREATE TABLE assessments (
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

CREATE INDEX assessments_by_client ON assessments (tenant, client_id, id);
