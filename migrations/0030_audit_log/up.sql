-- What was done and is not sealed yet. Each command adds its line in its own transaction and waits for nobody;
-- there is no reference to what it tells of, because it outlives that.
CREATE TABLE audit_inbox (
    tenant      TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    subject     TEXT      NOT NULL,
    account     TEXT,
    action      TEXT      NOT NULL,
    effect      TEXT      NOT NULL,
    resource    TEXT      NOT NULL,
    resource_id TEXT      NOT NULL,
    client_id   TEXT,
    address     TEXT      NOT NULL,
    request_id  TEXT      NOT NULL,
    detail      TEXT      NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- The same, sealed: numbered without gaps, each bound to the one before by its hash. Never changed.
CREATE TABLE audit_events (
    tenant      TEXT      NOT NULL,
    sequence    BIGINT    NOT NULL,
    id          TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    subject     TEXT      NOT NULL,
    account     TEXT,
    action      TEXT      NOT NULL,
    effect      TEXT      NOT NULL,
    resource    TEXT      NOT NULL,
    resource_id TEXT      NOT NULL,
    client_id   TEXT,
    address     TEXT      NOT NULL,
    request_id  TEXT      NOT NULL,
    detail      TEXT      NOT NULL,
    hash        TEXT      NOT NULL,
    PRIMARY KEY (tenant, sequence)
);

CREATE INDEX audit_events_by_resource ON audit_events (tenant, resource_id, sequence);
CREATE INDEX audit_events_by_client ON audit_events (tenant, client_id, sequence);
CREATE INDEX audit_events_by_time ON audit_events (tenant, at);

-- Signed: how far a tenant's log goes, and from where on it is kept. The newest, and the last of each day.
CREATE TABLE audit_heads (
    tenant    TEXT      NOT NULL,
    sequence  BIGINT    NOT NULL,
    hash      TEXT      NOT NULL,
    base      BIGINT    NOT NULL,
    base_hash TEXT      NOT NULL,
    at        TIMESTAMP NOT NULL,
    key_id    TEXT      NOT NULL,
    signature TEXT      NOT NULL,
    PRIMARY KEY (tenant, sequence)
);

-- The keys that heads are signed with (Ed25519). One in use, so that two replicas that start at once agree.
CREATE TABLE audit_keys (
    slot       TEXT      NOT NULL PRIMARY KEY,
    key_id     TEXT      NOT NULL,
    pkcs8      TEXT      NOT NULL,
    created_at TIMESTAMP NOT NULL
);
