"""The queue of jobs, from acceptance to the end, and the cards that show them."""
