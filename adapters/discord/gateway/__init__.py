"""The gateway connection: client, supervisor, command registration and the welcome message."""
