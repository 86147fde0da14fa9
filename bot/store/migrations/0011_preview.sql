-- A film of the generation's progress, as JSON like `result`; NULL unless it runs and the provider gave one.
ALTER TABLE job ADD COLUMN preview TEXT;
