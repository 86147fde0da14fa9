"""What a workspace keeps for its commands: presets, defaults, its own API key, its time zone."""
