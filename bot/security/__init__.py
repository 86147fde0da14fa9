"""The installation's secrets, encryption at rest and signed tokens."""
