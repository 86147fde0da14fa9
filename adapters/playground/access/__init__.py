"""Decides which requests may reach the playground: origin checks, sessions, login delays."""
