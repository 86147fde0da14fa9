"""Delivers cards over the Web API alone, so that a worker without a connection can do it."""
