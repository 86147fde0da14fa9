"""Use cases that adapters and the command line call, and the ports of a chat platform."""
