"""Slack's Web API: whose token, how fast, and what its refusals mean."""
