-- Clerks look for a case by the last digits of its number: what follows its last hyphen.
CREATE INDEX application_number_end ON application ((replace(number, rtrim(number, replace(number, '-', '')), '')), number);
