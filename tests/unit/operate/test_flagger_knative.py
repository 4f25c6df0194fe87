"""A Canary that watches a Knative Service: its stable version is a revision, which an annotation names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.access.client import Object
from components.operate.contract import State
from components.operate.engines.flagger import FlaggerOperator

from .canaries import BEGAN, BEGAN_AT, NEW, OLD, advanced, canary, deployment, event
from .fake_api import EVENTS, FakeApi, api_of, serving

CANARY = "/apis/flagger.app/v1beta1/namespaces/shop/canaries/shop"
OF_KNATIVE = "/apis/serving.knative.dev/v1/namespaces/shop"
TARGET = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "shop"}
STABLE = "flagger.app/primary-revision"


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeApi]:
    with serving(tmp_path) as made:
        yield made


def service(stable: str) -> Object:
    """One whose newest version is the new one; Flagger has written the whole of it since, to move the traffic."""
    made = deployment(NEW)
    template = {"f:metadata": {"f:creationTimestamp": {}}}
    moved = {"time": "2026-11-24T12:59:59Z", "fieldsV1": {"f:spec": {"f:template": template, "f:traffic": {}}}}
    fields = [{"time": BEGAN_AT, "fieldsV1": {"f:spec": {"f:template": {}}}}, moved]
    return {**made, "metadata": {"managedFields": fields, **({"annotations": {STABLE: stable}} if stable else {})}}


def stands(fake: FakeApi, phase: str, stable: str = "shop-00001", weight: int = 0) -> None:
    revisions = {"shop-00001": OLD, "shop-00002": NEW}
    kept = {name: {"metadata": deployment(of)["spec"]["template"]["metadata"]} for name, of in revisions.items()}
    fake.objects |= {CANARY: canary(phase, weight, targetRef=TARGET), f"{OF_KNATIVE}/services/shop": service(stable)}
    fake.objects |= {f"{OF_KNATIVE}/revisions/{name}": one for name, one in kept.items()}


@pytest.mark.parametrize(
    ("phase", "stable", "state"),
    [
        ("Initializing", "", State.IN_PROGRESS),
        ("Progressing", "shop-00001", State.IN_PROGRESS),
        ("Succeeded", "shop-00002", State.HEALTHY),
        ("Failed", "shop-00001", State.DEGRADED),
        ("Progressing", "shop-00009", State.IN_PROGRESS),
    ],
)
def test_how_it_stands_is_read_from_the_service_and_its_revision(
    fake: FakeApi, phase: str, stable: str, state: State
) -> None:
    stands(fake, phase, stable)
    release = FlaggerOperator().read(api_of(fake), "shop", "shop")
    assert release is not None
    assert release.state is state


def test_traffic_that_flagger_moves_is_no_change_of_the_version(fake: FakeApi) -> None:
    """It sends the whole Service, with the template: a release would look as if Flagger had not seen it."""
    stands(fake, "Progressing", weight=25)
    release = FlaggerOperator().read(api_of(fake), "shop", "shop")
    assert release is not None
    assert (release.step, release.weight, release.reason) == (2, 25, "")


def test_a_release_that_stands_still_says_so_and_what_helps(fake: FakeApi) -> None:
    """Flagger takes nothing back while a revision is not ready, however long that is."""
    stands(fake, "Progressing", weight=25)
    fake.lists[EVENTS] = [
        event(BEGAN, 0),
        event(advanced(5), 1),
        event("Knative Revision shop-00002.shop is not ready", 2),
    ]
    release = FlaggerOperator().read(api_of(fake), "shop", "shop")
    assert release is not None
    assert release.reason.startswith(
        "a revision is not ready, and Flagger waits for it, however long: deploy the version"
    )
    fake.lists[EVENTS].append(event(advanced(25), 3))
    again = FlaggerOperator().read(api_of(fake), "shop", "shop")
    assert again is not None
    assert again.reason == ""


def test_a_retry_makes_another_revision(fake: FakeApi) -> None:
    stands(fake, "Failed")
    FlaggerOperator().retry(api_of(fake), "shop", "shop")
    annotations = {"coalmine.dev/retried-after": "2026-11-24T12:00:30Z"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
    assert fake.patched == [(f"{OF_KNATIVE}/services/shop", patch)]
