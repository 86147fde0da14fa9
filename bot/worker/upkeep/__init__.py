"""Removes what has expired, what nobody refers to, and what a person asked to have deleted."""
