"""The gateway of the service."""
