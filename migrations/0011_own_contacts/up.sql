-- Contacts of a tenant's own, and what it says differently of shipped ones. `shipped` is what the
-- shipped entry said of the same fields then: it shows what an update changed under an override.
CREATE TABLE own_contacts (
    tenant     TEXT      NOT NULL REFERENCES tenants (slug),
    id         TEXT      NOT NULL,
    said       TEXT      NOT NULL,
    shipped    TEXT,
    revision   INTEGER   NOT NULL CHECK (revision > 0),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (tenant, id)
);
