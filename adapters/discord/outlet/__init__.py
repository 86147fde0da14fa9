"""Shows cards by HTTP alone, so that a worker without a gateway can deliver."""
