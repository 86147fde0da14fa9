"""Slack's Web API: tokens, rate limits, users and files, and what its errors mean."""
