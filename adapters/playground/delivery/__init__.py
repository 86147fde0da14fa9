"""Stores the conversations and streams their changes to open pages."""
