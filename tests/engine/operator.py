"""The operator of an engine."""

from bot.service.operator.use_cases import Operator
from bot.services import Services


def operator_of(services: Services) -> Operator:
    return Operator(
        services.database,
        defaults=services.settings.defaults,
        monthly_limit=services.settings.monthly_limit,
        clock=services.clock,
        secrets=lambda: services.secrets,
        rates=lambda: services.rates,
    )
