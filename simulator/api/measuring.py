"""What a film made from another one will be and cost, once that one has been seen."""

import json
from dataclasses import replace

from simulator.api.generations import Generation
from simulator.api.shape import Shape, restyled_shape
from simulator.api.tariff import film_cost, modify_cost
from simulator.formats import VideoModel


def measured(generation: Generation, source: Shape) -> tuple[Shape, int]:
    """Answer the final shape, and the cost in micro-dollars."""
    model = VideoModel(generation.model)
    if json.loads(generation.request)["generation_type"] == "modify_video":
        shape = restyled_shape(source)
        return shape, modify_cost(model, shape)
    shape = replace(generation.film_shape, duration_ms=source.duration_ms)
    return shape, film_cost(model, shape)
