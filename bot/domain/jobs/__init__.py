"""The job, why it fails, what it starts from, and what can be made of its result."""
