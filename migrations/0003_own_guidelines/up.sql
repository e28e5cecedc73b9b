-- Guidelines that a tenant has put there, one row for each edition. `used_at` is set by the first
-- assessment; from then on the row stays.
CREATE TABLE own_guidelines (
    tenant      TEXT      NOT NULL REFERENCES tenants (slug),
    guideline   TEXT      NOT NULL,
    edition     TEXT      NOT NULL,
    summary     TEXT      NOT NULL,
    catalog     TEXT      NOT NULL,
    fingerprint TEXT      NOT NULL,
    created_by  TEXT      NOT NULL,
    created_at  TIMESTAMP NOT NULL,
    used_at     TIMESTAMP,
    PRIMARY KEY (tenant, guideline, edition)
);
