"""Prices, quotas and limits, in whole micro-dollars."""
