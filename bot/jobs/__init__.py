"""What use cases and worker loops both do with jobs: transitions, estimates, media."""
