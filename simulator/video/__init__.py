"""Videos: pure functions from a spec to a file, run in worker processes."""
