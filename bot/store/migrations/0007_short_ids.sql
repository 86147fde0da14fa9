-- The end of a job's id, which cards show and people type.
CREATE INDEX job_short ON job (substr(id, 19));
