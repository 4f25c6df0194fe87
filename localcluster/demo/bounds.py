"""How long a release may take, computed from what the app itself says; what was measured is held against it."""

from components.plan import Plan
from components.spec.values import Duration

ALLOWANCE = 1.2
"""What is computed may be exceeded by a fifth: a busy machine starts pods, pushes routes and answers meanwhile."""


def longest_rollback(plan: Plan, rate: float, scrape_interval: Duration) -> float:
    """Seconds from the first bad answer of the canary to its last: the checks that must fail, one scrape, and the time
    to the minimum of requests. `rate`: requests per second to both versions; silence (0) needs no requests.
    """
    analysis = plan.analysis
    canary_rate = rate * plan.stages[0].weight / 100
    enough = analysis.minimum_requests / canary_rate if canary_rate else 0.0
    checks = analysis.interval.seconds * (analysis.tolerated_failures + 1)
    return ALLOWANCE * (checks + scrape_interval.seconds + enough)


def longest_promotion(plan: Plan) -> float:
    """Seconds from the first request that a good canary may get until it gets all of them: its holds."""
    return ALLOWANCE * sum(stage.hold.seconds for stage in plan.stages)
