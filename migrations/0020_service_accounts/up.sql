-- Machines that call for a provider. Secrets are kept as digests, inside the row: whoever calls is looked
-- up at each call, by one primary key.
CREATE TABLE service_accounts (
    tenant      TEXT      NOT NULL REFERENCES tenants (slug),
    id          TEXT      NOT NULL,
    name        TEXT      NOT NULL,
    scopes      TEXT      NOT NULL,
    client_id   TEXT,
    expires_at  TIMESTAMP,
    addresses   TEXT      NOT NULL,
    disabled    INTEGER   NOT NULL CHECK (disabled IN (0, 1)),
    secrets     TEXT      NOT NULL,
    public_keys TEXT      NOT NULL,
    revision    INTEGER   NOT NULL CHECK (revision > 0),
    created_by  TEXT      NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    updated_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, name),
    FOREIGN KEY (tenant, client_id) REFERENCES clients (tenant, id) ON DELETE CASCADE
);

-- Signed assertions (private_key_jwt) that were used: each is good for one token, on any replica.
CREATE TABLE used_assertions (
    tenant     TEXT      NOT NULL,
    account_id TEXT      NOT NULL,
    jti        TEXT      NOT NULL,
    until      TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, account_id, jti),
    FOREIGN KEY (tenant, account_id) REFERENCES service_accounts (tenant, id) ON DELETE CASCADE
);
