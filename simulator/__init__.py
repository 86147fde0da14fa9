"""A Dream Machine that runs on this machine: the API over HTTP, with drawn pictures and films, and faults.

Any key that is not empty is an account of its own; the key `invalid` is refused. A prompt may carry a magic
word, to see what happens then:

    #moderation   it fails: refused by moderation, paid back
    #fail         it fails: the job failed, paid back
    #stuck        it never ends
    #slow         it takes five times as long

Tests and demonstrations order faults, on this machine only:

    POST /control/faults {"kind": "lost_answer", "times": 1, "key": …, "match": "part of a prompt", …}

    slow (ms) · unauthorized · no_credits · rate_limit (ms) · server_error
                            strike creates, or what `on` names: create, get, list, delete, credits, asset, any
    list_error · asset_error                    the list or the finished file answers 5xx
    lost_answer · server_error_after · garbage  the generation is made, its answer is not what it should be
    moderation · prompt_failed · job_failed     it fails, for `reason`
    stuck · vanish · unknown_state              it never ends · is 404 · is in a state that nobody knows
    expired_asset · broken_asset                its file is refused for good · is not what it says

GET and DELETE /control/faults show and forget what is still to come; GET /control/generations shows what was
made for all keys, GET /control/stats the highest concurrency and the fullest window of the rate limit. GET /
shows all of it on a page for people.

Nothing is imported here: a worker process that draws a picture needs the painting alone, and would start
four times as slowly with the service around it.
"""
