"""A router that is nothing but one file: it is in the schema, it compiles, and what it cannot do is refused."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from components.capability import Emulated, Native
from components.features import Feature
from components.spec.registry import variants
from tests.specs import ROOT, Project, changed, example_app, stack_keys

ROUTER = dedent('''
    """A router that exists in this test only."""

    from collections.abc import Mapping
    from typing import Any, ClassVar, Literal

    from components.capability import Cells, Evidence, Native, Refused, cells
    from components.contracts import LabelMatch, Measured, OwnedField, RequestSeries, Router
    from components.contracts_of.argo_rollouts import RolloutsRouter, RolloutsRouting, Services
    from components.contracts_of.flagger import FlaggerRouter, FlaggerRouting
    from components.manifests.meta import manifest
    from components.features import ROUTED, Feature
    from components.plan import Plan


    ALL = {feature: Native(Evidence.OPAQUE) for feature in Feature}
    NO = Refused("it is only half written", "write the other half")


    class FictiveRouter(Router, RolloutsRouter, FlaggerRouter):
        """Routes by a Fictive object."""

        kind: Literal["fictive"] = "fictive"
        lanes: int = 2
        """How many lanes there are."""

        capabilities: ClassVar[Mapping[str, Cells]] = {
            "argo-rollouts": cells(ABLE, NO, ROUTED),
            "flagger": cells(ABLE, NO, ROUTED),
        }
        flagger_provider: ClassVar[str] = "fictive"
        EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "fictive", "lanes": 3}

        def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
            return RolloutsRouting(
                stanza={"plugins": {"example/fictive": {"lanes": self.lanes}}},
                manifests=[manifest("example.com/v1", "Fictive", plan.name, plan.app, {"spec": {"split": 0}})],
                owned=[OwnedField("example.com", "Fictive", plan.namespace, plan.name, "spec.split")],
            )

        def for_flagger(self, plan: Plan) -> FlaggerRouting:
            return FlaggerRouting({"gateways": [str(self.lanes)]}, [])

        def request_series(self, plan: Plan, measured: Measured) -> RequestSeries:
            version = measured.workload or measured.revision
            only = (LabelMatch("app", "=", plan.name), LabelMatch("revision", "=", version))
            errors = LabelMatch("ok", "=", "false")
            return RequestSeries("fictive_total", errors, "fictive_seconds_bucket", 1000, only)
''')
COALMINE = "import sys, components.routers as routers; routers.__path__.append(sys.argv.pop(1)); " + (
    "from components.cli import main; main()"
)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The `coalmine` command in a process of its own, which finds one more file among the routers."""
    command = [sys.executable, "-c", COALMINE, str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def weighing() -> list[str]:
    """The routers by which Argo Rollouts shifts traffic."""
    routers = variants("router").items()
    cells = ((kind, vars(model)["capabilities"].get("argo-rollouts", {})) for kind, model in routers)
    return [kind for kind, able in cells if isinstance(able.get(Feature.WEIGHTS), Native | Emulated)]


def project_with(root: Path, able: str) -> tuple[Project, Path]:
    routers = root / "routers"
    routers.mkdir()
    (routers / "fictive.py").write_text(ROUTER.replace("ABLE", able), encoding="utf-8")
    project = Project(root / "project")
    project.apps(example_app())
    project.stack(changed(stack_keys(), "delivery", "router", to={"kind": "fictive", "lanes": 5}))
    return project, routers


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Project, Path]:
    """A project on a fictive router that can do everything."""
    return project_with(tmp_path, "ALL")


def test_it_is_in_the_schema(whole: tuple[Project, Path]) -> None:
    project, routers = whole
    done = run(routers, "schema", "--root", str(project.root))
    assert done.returncode == 0, done.stderr
    schema = json.loads((project.root / "stacks/schema.json").read_text())
    assert schema["$defs"]["FictiveRouter"]["properties"]["lanes"]["description"] == "How many lanes there are."


def test_it_compiles(whole: tuple[Project, Path]) -> None:
    project, routers = whole
    done = run(routers, "render", "--stack", "test", "--root", str(project.root), "--out", str(project.root / "out"))
    assert done.returncode == 0, done.stderr
    made = {path.name: yaml.safe_load(path.read_text()) for path in (project.root / "out").rglob("*.yaml")}
    assert made["fictive-shop.yaml"]["metadata"]["namespace"] == "shop"
    routing = made["rollout-shop.yaml"]["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing == {"plugins": {"example/fictive": {"lanes": 5}}}
    metrics = made["analysistemplate-shop.yaml"]["spec"]["metrics"]
    assert 'fictive_total{app="shop", revision="{{args.revision}}", ok="false"}' in json.loads(
        json.dumps(metrics[0]["provider"]["prometheus"]["query"])
    )
    # Its histogram counts in seconds: the limit follows.
    assert metrics[1]["successCondition"].endswith("result[0] <= 0.3")


def test_a_mistake_in_it_is_answered_like_any_other(whole: tuple[Project, Path]) -> None:
    project, routers = whole
    project.stack(changed(stack_keys(), "delivery", "router", to={"kind": "fictive", "lane": 5}))
    done = run(routers, "validate", "--root", str(project.root))
    place = "stacks/Pulumi.test.yaml: coalmine:delivery.router.lane"
    assert (done.returncode, done.stderr) == (1, f"{place}: unknown key (did you mean 'lanes'?)\n")


def test_an_unknown_router_is_answered_with_its_name_too(whole: tuple[Project, Path]) -> None:
    project, routers = whole
    project.stack(changed(stack_keys(), "delivery", "router", to="x"))
    done = run(routers, "validate", "--root", str(project.root))
    known = ", ".join(sorted([*variants("router"), "fictive"]))
    assert done.stderr.endswith(f"unknown router 'x' (known: {known})\n")


def test_what_it_cannot_do_is_refused_with_app_path_pair_and_what_can(tmp_path: Path) -> None:
    project, routers = project_with(tmp_path, "{}")
    done = run(routers, "validate", "--root", str(project.root))
    assert done.returncode == 1
    assert done.stderr == (
        "apps/app.yaml: delivery.steps[0]: app 'shop' needs shifting traffic by weight, which engine "
        "'argo-rollouts' with router 'fictive' cannot do: it is only half written; write the other half; "
        f"routers that can: {', '.join(weighing())}\n"
    )


def test_an_engine_it_does_not_know_is_refused_for_everything(tmp_path: Path) -> None:
    project, routers = project_with(tmp_path, "ALL")
    file = routers / "fictive.py"
    file.write_text(file.read_text().replace('"argo-rollouts": cells', '"other": cells'), encoding="utf-8")
    done = run(routers, "validate", "--root", str(project.root))
    assert done.returncode == 1
    assert (
        "engine 'argo-rollouts' with router 'fictive' cannot do: 'fictive' does not work with 'argo-rollouts'"
        in done.stderr
    )
    assert done.stderr.endswith(f"routers that can: {', '.join(weighing())}\n")


def test_a_file_that_is_not_named_after_its_kind_is_an_error_that_says_so(whole: tuple[Project, Path]) -> None:
    project, routers = whole
    (routers / "second.py").write_text((routers / "fictive.py").read_text(), encoding="utf-8")
    done = run(routers, "schema", "--root", str(project.root))
    assert done.returncode == 1
    assert "components.routers.second must hold one Router of kind 'second', and holds 'fictive'" in done.stderr


def test_a_variant_that_nobody_chose_is_not_loaded(whole: tuple[Project, Path]) -> None:
    """Twenty routers would otherwise be part of every start."""
    project, routers = whole
    (routers / "broken.py").write_text("raise ImportError('nobody asked for this')", encoding="utf-8")
    done = run(routers, "validate", "--root", str(project.root))
    assert done.returncode == 0, done.stderr
