"""Keeps the conversations and sends their changes to open pages."""
