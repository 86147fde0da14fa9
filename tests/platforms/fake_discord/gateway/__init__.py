"""The socket half of the service."""
