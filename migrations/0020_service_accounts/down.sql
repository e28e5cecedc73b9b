DROP TABLE used_assertions;
DROP TABLE service_accounts;
