"""Cards and private replies as Discord message payloads. Pure functions."""
