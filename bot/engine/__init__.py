"""Use cases and loops, in the order in which a job meets them."""
