"""Discord's HTTP API as this adapter uses it: each request once, its refusals by their meaning."""
