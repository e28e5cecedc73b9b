DROP TABLE own_guidelines;
