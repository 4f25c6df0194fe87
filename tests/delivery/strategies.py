"""The releases of every strategy but plain canaries, with their users."""

from dataclasses import replace

from .cases import ARGO_ROLLOUTS, EVERYBODY, FLAGGER, Case, Users
from .scenarios import CONTOUR, GATEWAY_API

_HOLD = 20

_BY_HEADER = (
    Users("beta", headers={"x-beta": "1"}, chosen=True),
    Users("testers", headers={"x-group": "test-7"}, chosen=True),
    # Almost: the header's value is another one, or only begins elsewhere.
    Users("others", headers={"x-beta": "10", "x-group": "a-test-"}),
)
# Contour takes one header, and the whole of its value.
_BY_ONE_HEADER = (
    Users("beta", headers={"x-beta": "1"}, chosen=True),
    Users("others", headers={"x-beta": "10", "x-alphabeta": "1"}),
)
_BY_COOKIE = (
    Users("beta", cookies={"session": "a", "beta": "always", "theme": "dark"}, chosen=True),
    # Almost: another value, and the end of another name.
    Users("others", cookies={"beta": "always-not", "alphabeta": "always"}),
)
# So many writers that copies of their requests could not pass for copies of reading ones.
_READERS_AND_WRITERS = (Users("readers"), Users("writers", users=16, method="POST"))

_AB_HEADER = {
    "strategy": "ab",
    "cohort": {"headers": {"x-beta": {"exact": "1"}, "x-group": {"prefix": "test-"}}},
    "hold": f"{_HOLD}s",
}
_AB_ONE_HEADER = {"strategy": "ab", "cohort": {"headers": {"x-beta": {"exact": "1"}}}, "hold": f"{_HOLD}s"}
_AB_COOKIE = {"strategy": "ab", "cohort": {"cookie": {"name": "beta", "value": "always"}}, "hold": f"{_HOLD}s"}
_MIRROR = {"strategy": "mirror", "hold": f"{_HOLD}s"}
_COPIES = {**_MIRROR, "copies": {"methods": "all"}}
_BLUE_GREEN = {"strategy": "blue-green", "hold": f"{_HOLD}s"}

BLUE_GREEN = Case("blue-green", ARGO_ROLLOUTS, {**_BLUE_GREEN, "approval": True}, EVERYBODY)
BLUE_GREEN_BAD = Case("blue-green-bad", ARGO_ROLLOUTS, _BLUE_GREEN, EVERYBODY, bad=True)

_AB = (
    Case("ab-header", ARGO_ROLLOUTS, _AB_HEADER, _BY_HEADER),
    Case("ab-cookie", ARGO_ROLLOUTS, _AB_COOKIE, _BY_COOKIE),
)
PAIRS = tuple((case, case.on_flagger()) for case in _AB)
"""One spec each, on both engines."""

_AB_ON_CONTOUR = Case("ab-header", FLAGGER, _AB_ONE_HEADER, _BY_ONE_HEADER).behind(CONTOUR)
_AB_BY_COOKIE_BAD = Case("flagger-ab-cookie-bad", FLAGGER, _AB_COOKIE, _BY_COOKIE, bad=True)
AB_GOOD = (*(case for pair in PAIRS for case in pair), PAIRS[0][1].behind(GATEWAY_API), _AB_ON_CONTOUR)
AB_BAD = (
    Case("ab-header-bad", ARGO_ROLLOUTS, _AB_HEADER, _BY_HEADER, bad=True),
    _AB_BY_COOKIE_BAD,
    _AB_BY_COOKIE_BAD.behind(GATEWAY_API),
    replace(_AB_ON_CONTOUR, name=f"{_AB_ON_CONTOUR.name}-bad", bad=True),
)

_MIRROR_ON_FLAGGER = Case("flagger-mirror", FLAGGER, _COPIES, EVERYBODY)
MIRROR_GOOD = (
    Case("mirror", ARGO_ROLLOUTS, _MIRROR, _READERS_AND_WRITERS),
    _MIRROR_ON_FLAGGER,
    _MIRROR_ON_FLAGGER.behind(GATEWAY_API),
)
MIRROR_READS_BAD = Case("mirror-bad", ARGO_ROLLOUTS, _MIRROR, _READERS_AND_WRITERS, bad=True)
MIRROR_BAD = (MIRROR_READS_BAD, Case("flagger-mirror-bad", FLAGGER, _COPIES, EVERYBODY, bad=True))

STICKY = Case(
    "flagger-sticky",
    FLAGGER,
    {
        "session_affinity": {"cookie": "sticky-canary", "stable_may_drift": True},
        "steps": [{"weight": 10, "hold": "10s"}, {"weight": 40, "hold": "10s"}],
    },
    (Users("everybody", users=40, period=2.0),),
)
STICKIES = (STICKY, STICKY.behind(GATEWAY_API))

AUDIENCE = Case(
    "audience",
    ARGO_ROLLOUTS,
    {
        "steps": [
            {"audience": {"headers": {"x-internal": {"exact": "yes"}}}, "hold": "10s"},
            {"weight": 20, "hold": "15s"},
            {"weight": 50, "hold": "15s", "approval": True},
        ]
    },
    (Users("internal", headers={"x-internal": "yes"}, chosen=True), Users("everybody", users=24, period=0.4)),
)

_MANY = (Users("everybody", users=24),)
_COMPARED = {"steps": [{"experiment": {"weight": 20}, "hold": "20s"}, {"weight": 50, "hold": "10s"}]}
EXPERIMENT = Case("experiment", ARGO_ROLLOUTS, _COMPARED, _MANY, compared=True)
EXPERIMENT_BAD = Case("experiment-bad", ARGO_ROLLOUTS, _COMPARED, _MANY, bad=True, compared=True)
# So many errors would pass: only the comparison with the fresh pods of the stable version ends it.
EXPERIMENT_WORSE = replace(EXPERIMENT_BAD, name="experiment-worse", most="90%")

BACKGROUND_BAD = Case(
    "background-bad",
    ARGO_ROLLOUTS,
    {"steps": [{"weight": 50, "hold": "10s", "approval": True}]},
    EVERYBODY,
    background=True,
    turns_bad=True,
)

GOOD = (BLUE_GREEN, *AB_GOOD, *MIRROR_GOOD, *STICKIES, AUDIENCE, EXPERIMENT)
BAD = (BLUE_GREEN_BAD, *AB_BAD, *MIRROR_BAD, EXPERIMENT_BAD, EXPERIMENT_WORSE, BACKGROUND_BAD)
EVERY = GOOD + BAD
