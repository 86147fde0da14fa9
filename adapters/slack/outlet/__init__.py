"""Shows cards by the Web API alone, so that a worker without a socket can deliver."""
