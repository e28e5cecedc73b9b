DROP TABLE incident_referrals;
DROP TABLE incident_events;
DROP TABLE incidents;
