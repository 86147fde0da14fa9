"""Builds the JSON messages that are stored and sent to pages. Pure."""
