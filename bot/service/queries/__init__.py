"""Queries of members and what their inputs suggest. They change nothing."""
