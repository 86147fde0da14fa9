"""Cards and private replies as Slack blocks. Pure functions."""
