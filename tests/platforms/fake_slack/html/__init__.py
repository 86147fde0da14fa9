"""Renders messages as an HTML page for screenshots."""
