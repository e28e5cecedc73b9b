DROP TABLE assessments;
DROP TABLE clients;
DROP TABLE signing_keys;
DROP TABLE tenants;
