"""Generations: their rows in SQLite, prices and limits, and the work in the background."""
