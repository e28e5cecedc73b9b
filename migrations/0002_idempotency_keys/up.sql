-- The first answer to a call that carries an Idempotency-Key, written in the transaction of its data.
CREATE TABLE idempotency_keys (
    tenant      TEXT      NOT NULL REFERENCES tenants (slug),
    route       TEXT      NOT NULL,
    key         TEXT      NOT NULL,
    fingerprint TEXT      NOT NULL,
    location    TEXT      NOT NULL,
    body        TEXT      NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, route, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (tenant, created_at);
