-- Defaults that members set for the options of commands.

ALTER TABLE member ADD COLUMN defaults TEXT NOT NULL DEFAULT '{}';
