"""Pictures: pure functions from a spec to an image, run in worker processes."""
