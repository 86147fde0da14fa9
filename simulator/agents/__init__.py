"""The Luma Agents API: generations by one call, and files that they can use."""
