"""What a release may ask of an engine and a router, each in a few words."""

from enum import Enum


class Feature(Enum):
    """What a plan may ask of an engine and a router; a pair that lacks one refuses the plan."""

    # Each is one object. By their names, as the library does it, every look into a table of cells takes twice as long.
    __hash__ = object.__hash__

    WEIGHTS = "shifting traffic by weight"
    MATCH = "choosing requests by path and headers"
    HEADER_COHORT = "the new version for users with a header"
    COOKIE_COHORT = "the new version for users with a cookie"
    COHORT_AND_WEIGHTS = "a cohort beside weights"
    MIRROR = "copies of requests"
    MIRROR_METHODS = "copies of requests of some methods only"
    MIRROR_AND_WEIGHTS = "copies of requests beside weights"
    SESSION_AFFINITY = "users who keep the version they got"
    CANARY_AFFINITY = "users who keep the new version once they got it"
    BLUE_GREEN = "a switch of all traffic that is watched, and taken back"
    SEVERAL_ROUTERS = "several routers at once"
    EVERY_NODE = "a pod on every node"
    EXISTING = "pods of an object that runs already"
    EXPERIMENT = "an experiment: fresh pods of both versions, side by side"
    SCALE = "a number of canary pods of its own"
    APPROVAL = "waiting for an approval"
    STEP_TIMING = "a hold of its own for every step"
    BACKGROUND = "checks between the steps too"
    REPEATED_CHECKS = "several checks at one weight"
    TOLERATED_FAILURES = "failed checks that are tolerated step by step"
    KEEP_OLD_PODS = "old pods that stay for a while"
    FAST_ROLLBACK = "going back to an older version without steps"
    GATE_CONFIRM = "waiting for a gate before a release starts"
    GATE_PRE = "a gate before the first request"
    GATE_DURING = "a gate beside the checks"
    GATE_INCREASE = "waiting for a gate before every weight"
    GATE_PROMOTE = "waiting for a gate before everybody gets the new version"
    GATE_POST = "telling a gate how a release ended"
    GATE_ROLLBACK = "a gate that takes a release back"
    GATE_EVENT = "telling a gate everything that happens"
    LOAD_JOB = "a load test as a Job"
    LOAD_TESTER = "a load test by a load tester"


ROUTED = frozenset(
    {
        Feature.WEIGHTS,
        Feature.MATCH,
        Feature.HEADER_COHORT,
        Feature.COOKIE_COHORT,
        Feature.COHORT_AND_WEIGHTS,
        Feature.MIRROR,
        Feature.MIRROR_METHODS,
        Feature.MIRROR_AND_WEIGHTS,
        Feature.SESSION_AFFINITY,
        Feature.CANARY_AFFINITY,
        Feature.BLUE_GREEN,
        Feature.EXPERIMENT,
    }
)
"""The features that depend on the router; the others are the engine's alone."""

GATES = tuple(feature for feature in Feature if feature.name.startswith("GATE_"))
"""Everything that an address may be asked about a release."""
