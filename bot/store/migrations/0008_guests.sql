-- Guests have an allowance only by a rule that names them, which an admin who looks at their quota must see.

ALTER TABLE member ADD COLUMN guest INTEGER NOT NULL DEFAULT 0 CHECK (guest IN (0, 1));
