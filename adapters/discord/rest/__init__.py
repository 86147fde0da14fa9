"""Discord's REST API: a client that sends each request once, rate limits, errors, and lookups."""
