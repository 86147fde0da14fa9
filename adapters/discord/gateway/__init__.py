"""The gateway connection: client, shards, command registration, presence and the welcome message."""
