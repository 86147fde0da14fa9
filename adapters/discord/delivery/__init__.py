"""Delivers messages over REST alone, so that a worker without a gateway can deliver."""
