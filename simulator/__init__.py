"""A simulator of the Dream Machine API for development, demos and tests; it draws placeholders.

Any API key that is not empty is an account of its own; the key `invalid` is refused. Some words in a prompt
have an effect, for trying things out:

    #moderation   the generation fails: refused by moderation, and is refunded
    #fail         the generation fails, and is refunded
    #stuck        it never ends
    #slow         it takes five times as long

Tests and demos add faults, from this machine only:

    POST /control/faults {"kind": "lost_answer", "times": 1, "key": …, "match": "part of a prompt", …}

    slow (ms) · unauthorized · no_credits · rate_limit (ms) · server_error
                            affect `create`, or `on`: create, get, list, delete, credits, asset, any
    list_error · asset_error                    the list or the finished file is answered with 5xx
    lost_answer · server_error_after · garbage  the generation is created, but the response is lost or broken
    moderation · prompt_failed · job_failed     the generation fails, for `reason`
    stuck · vanish · unknown_state              it never ends · is answered with 404 · has an unknown state
    expired_asset · broken_asset                its file is refused for good · is not a picture or video

GET and DELETE /control/faults show and clear the pending faults; GET /control/generations lists the
generations of all keys, GET /control/stats the highest concurrency and rate. GET / shows all of it on a page.

Nothing is imported here: a worker process that draws needs the drawing part alone, and would start four
times as slowly with the service around it.
"""
