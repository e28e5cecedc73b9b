-- Names are unique in the tenant again: where several incidents have the same, only the first keeps it.
UPDATE incidents SET external_id = NULL
WHERE EXISTS (
    SELECT 1 FROM incidents other
    WHERE other.tenant = incidents.tenant AND other.external_id = incidents.external_id AND other.id < incidents.id
);

CREATE TABLE incidents_next (
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

INSERT INTO incidents_next
    (tenant, id, client_id, external_id, title, facts, revision, created_by, created_at, updated_at)
SELECT tenant, id, client_id, external_id, title, facts, revision, created_by, created_at, updated_at
FROM incidents;

CREATE TABLE incident_events_next (
    tenant      TEXT      NOT NULL,
    incident_id TEXT      NOT NULL,
    id          TEXT      NOT NULL,
    client_id   TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    subject     TEXT      NOT NULL,
    what        TEXT      NOT NULL,
    PRIMARY KEY (tenant, incident_id, id),
    FOREIGN KEY (tenant, incident_id) REFERENCES incidents_next (tenant, id) ON DELETE CASCADE
);

INSERT INTO incident_events_next (tenant, incident_id, id, client_id, at, subject, what)
SELECT tenant, incident_id, id, client_id, at, subject, what
FROM incident_events;

CREATE TABLE incident_referrals_next (
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
    FOREIGN KEY (tenant, incident_id) REFERENCES incidents_next (tenant, id) ON DELETE CASCADE
);

INSERT INTO incident_referrals_next
    (tenant, incident_id, id, client_id, contact, action, party, state, note, outcome, revision, created_at,
     updated_at)
SELECT tenant, incident_id, id, client_id, contact, action, party, state, note, outcome, revision, created_at,
       updated_at
FROM incident_referrals;

DROP TABLE incident_referrals;
DROP TABLE incident_events;
DROP TABLE incidents;

ALTER TABLE incidents_next RENAME TO incidents;
ALTER TABLE incident_events_next RENAME TO incident_events;
ALTER TABLE incident_referrals_next RENAME TO incident_referrals;

CREATE INDEX incidents_by_client ON incidents (tenant, client_id, id);
