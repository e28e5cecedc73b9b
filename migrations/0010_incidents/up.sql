-- Incidents of clients: the facts as the caller knows them now. What happened, in order, is in the
-- events; they are only ever added to. The client stands in each row, because a token may be narrowed
-- to one.
CREATE TABLE incidents (
    tenant      TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    client_id   TEXT      NOT NULL,
    external_id TEXT,
    title       TEXT      NOT NULL,
    facts       TEXT      NOT NULL,
    revision    INTEGER   NOT NULL CHECK (revision > 0),
    created_by  TEXT      NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, external_id),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, id) ON DELETE CASCADE
);

CREATE INDEX incidents_by_client ON incidents (tenant, client_id, id);

CREATE TABLE incident_events (
    tenant      TEXT      NOT NULL,
    incident_id TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    client_id   TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    subject     TEXT      NOT NULL,
    what        TEXT      NOT NULL,
    PRIMARY KEY (tenant, incident_id, id),
    FOREIGN KEY (tenant, incident_id) REFERENCES incidents (tenant, id) ON DELETE CASCADE
);

CREATE TABLE incident_referrals (
    tenant      TEXT      NOT NULL,
    incident_id TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    client_id   TEXT      NOT NULL,
    contact     TEXT      NOT NULL,
    action      TEXT,
    party       TEXT,
    state       TEXT      NOT NULL CHECK (state IN ('sent', 'accepted', 'declined', 'closed')),
    note        TEXT,
    outcome     TEXT,
    revision    INTEGER   NOT NULL CHECK (revision > 0),
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, incident_id, id),
    FOREIGN KEY (tenant, incident_id) REFERENCES incidents (tenant, id) ON DELETE CASCADE
);
