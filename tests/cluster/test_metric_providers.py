"""What every metric provider is asked, on both engines, before the real API server with the engines' own definitions.

It validates strictly: a field that an engine does not know, a provider that it lacks or a wrong type is an error.
"""

import json

import pytest

from components.compile import compile_app
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from localcluster.api import Api, Object
from localcluster.cluster import Cluster
from tests.contract.test_metrics import asked_by, plan_of
from tests.contract.variants import Combination, supported

from .objects import apply_all
from .strictly import definitions, dry_run_whole, make_namespace

ASKING = ("AnalysisTemplate", "MetricTemplate", "Rollout", "Canary")
NEWER = [one for one in supported() if getattr(one.metrics, "flagger_since", "") and one.engine.kind == "flagger"]
PINNED = [one for one in supported() if one not in NEWER and one.router.kind == "istio"]


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    """The API server, knowing the engines' kinds and the app's namespace."""
    apply_all(cluster.api, definitions())
    make_namespace(cluster.api, "shop")
    return cluster.api


def asking(combination: Combination) -> list[Object]:
    """The objects of apps that make every check of a provider."""
    plans = [plan_of(check) for check in asked_by(combination).values()]
    made = [compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery) for plan in plans]
    return [one for compiled in made for one in compiled.manifests if one["kind"] in ASKING]


@pytest.mark.parametrize("combination", PINNED, ids=str)
def test_the_api_server_takes_what_a_provider_is_asked(api: Api, combination: Combination) -> None:
    objects = asking(combination)
    assert {one["kind"] for one in objects} & {"AnalysisTemplate", "MetricTemplate"}
    assert [said for one in objects if (said := dry_run_whole(api, one))] == []


@pytest.mark.parametrize("combination", NEWER, ids=str)
def test_a_provider_that_is_refused_as_too_new_is_none_of_the_pinned_flaggers(
    api: Api, combination: Combination
) -> None:
    [template] = [one for one in asking(combination) if one["kind"] == "MetricTemplate"][:1]
    said = dry_run_whole(api, json.loads(json.dumps(template)))
    assert "spec.provider.type" in said
    assert f'Unsupported value: "{combination.metrics.kind}"' in said
