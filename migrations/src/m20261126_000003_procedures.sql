-- A payment may be that of a procedure beside the case; one to a blocked account is not made any more.
ALTER TABLE payment_line ADD COLUMN procedure {uuid};
ALTER TABLE payment_line ADD COLUMN blocked_at {instant};
DROP INDEX payment_line_payable;
CREATE INDEX payment_line_payable ON payment_line (municipality, ordered_at, id) WHERE state = 'ordered' AND blocked_at IS NULL;
