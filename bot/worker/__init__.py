"""Loops in the order in which a job meets them, from preparation to delivery, and their recovery."""
