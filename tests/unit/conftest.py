from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, which is shared with the other tests.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
