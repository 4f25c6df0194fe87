"""The pinned Prometheus with the rules of an example: changed ones are read again, and every panel gets its data."""

import re
import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.observability.dashboard import Dashboard, all_dashboards
from components.observability.rules import rule_files
from components.observability.watched import Watched
from components.platform.piece import watched_by
from tests.cluster.objects import wait_for

from .platform_stacks import BOTH_ENGINES, stack
from .prometheus_server import Server, serving

_SECONDS = 45
_FIRING = "ALERTS"
"""Has series when something is wrong."""


def look(*apps: str) -> Watched:
    """The example with these of its apps."""
    loaded = stack(BOTH_ENGINES)
    return watched_by(loaded.spec, [app.spec for app in loaded.apps if app.spec.name in apps])


BOTH = ("reports", "shop")


@cache
def dashboards() -> tuple[Dashboard, ...]:
    return tuple(all_dashboards(look(*BOTH)))


def project(folder: Path, version: str, watched: Watched) -> Path:
    """Writes the rules as a kubelet does: into a folder of their own, to which a link is turned in one step."""
    content = folder / f"..{version}"
    content.mkdir(parents=True)
    files = rule_files(watched)
    for name, text in files.items():
        (content / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..new").symlink_to(content.name)
    (folder / "..new").rename(folder / "..data")
    for link in folder.glob("*.yaml"):
        if link.name not in files:
            link.unlink()
    return folder


def test_changed_rules_are_taken_over_while_the_server_runs(tmp_path: Path) -> None:
    """New pods would have no samples to judge releases by."""
    rules = project(tmp_path / "rules", "1", look(*BOTH))
    whole = {"coalmine-releases", "coalmine-alerts"}
    for app in BOTH:
        whole |= {f"coalmine-app-{app}", f"coalmine-alerts-{app}"}
    with serving(tmp_path, rules) as server:
        wait_for(lambda: server.groups().keys() == whole, f"the groups {sorted(whole)}", _SECONDS)
        project(rules, "2", look("shop"))
        left = {one for one in whole if not one.endswith("-reports")}
        wait_for(lambda: server.groups().keys() == left, f"the groups {sorted(left)}", _SECONDS)


class _Reports(BaseHTTPRequestHandler):
    """Reports what the controllers and the pods of two apps report in the middle of their releases."""

    begun = time.monotonic()

    def do_GET(self) -> None:
        text = reported(int((time.monotonic() - self.begun) * 100)).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Nothing: a test's output is read by people."""


def reported(count: int) -> str:
    """Everything, with counters at `count`."""
    of_reports = 'namespace="reports",name="reports"'
    of_run = 'namespace="reports",name="reports-7d4f9c5b6d-2-1"'
    of_shop = 'name="shop",namespace="shop"'
    lines = [
        "argo_rollouts_controller_info 1",
        "flagger_info 1",
        'istio_build{component="pilot"} 1',
        f"process_cpu_seconds_total {count}",
        f"process_resident_memory_bytes {count}",
        f'rollout_info{{{of_reports},strategy="canary",phase="Progressing"}} 1',
        f"rollout_info_replicas_available{{{of_reports}}} 4",
        f"rollout_info_replicas_desired{{{of_reports}}} 4",
        f'rollout_reconcile_bucket{{{of_reports},le="+Inf"}} {count}',
        f"rollout_reconcile_count{{{of_reports}}} {count}",
        f'controller_clientset_k8s_request_total{{verb="Get",status_code="200"}} {count}',
        f'analysis_run_metric_phase{{{of_run},metric="latency-p99",phase="Running"}} 1',
        f'rollout_events_total{{{of_reports},type="Normal",reason="TrafficWeightUpdated"}} {count}',
        'flagger_canary_total{namespace="shop"} 1',
        f"flagger_canary_status{{{of_shop}}} 0",
        'flagger_canary_weight{workload="shop",namespace="shop"} 25',
        'flagger_canary_weight{workload="shop-primary",namespace="shop"} 75',
        f'flagger_canary_metric_analysis{{{of_shop},metric="error-rate"}} 0.2',
        f'flagger_canary_duration_seconds_bucket{{{of_shop},le="+Inf"}} {count}',
        f"flagger_canary_duration_seconds_count{{{of_shop}}} {count}",
    ]
    for app, label, versions in (
        ("reports", "destination_version", ("2.0.0-a", "2.0.1-b")),
        ("shop", "destination_workload", ("shop", "shop-primary")),
    ):
        for version in versions:
            told = (
                f'reporter="destination",destination_workload_namespace="{app}",destination_canonical_service="{app}"'
            )
            told = f'{told},{label}="{version}"'
            lines.append(f'istio_requests_total{{{told},response_code="200"}} {count * 9}')
            lines.append(f'istio_requests_total{{{told},response_code="503"}} {count}')
            for bound, below in (("100", count * 5), ("+Inf", count * 10)):
                lines.append(f'istio_request_duration_milliseconds_bucket{{{told},le="{bound}"}} {below}')
    return "\n".join([*lines, ""])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that collects this."""
    folder = tmp_path_factory.mktemp("prometheus")
    exporter = ThreadingHTTPServer(("127.0.0.1", 0), _Reports)
    threading.Thread(target=exporter.serve_forever, daemon=True).start()
    target = f"127.0.0.1:{exporter.server_port}"
    # As for a pod: what is reported of another namespace stands in `exported_namespace`.
    found = [{"targets": [target], "labels": {"namespace": "argo-rollouts", "pod": "argo-rollouts-0"}}]
    job = {"job_name": "annotated", "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": found}
    try:
        with serving(folder, project(folder / "rules", "1", look(*BOTH)), [job]) as running:
            wait_for(lambda: running.query("coalmine_error_percent"), "errors are recorded", _SECONDS)
            yield running
    finally:
        exporter.shutdown()


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda one: one.name)
def test_every_panel_has_data_while_releases_go_on(server: Server, dashboard: Dashboard) -> None:
    for panel in dashboard.panels:
        for target in panel.targets:
            expression = re.sub(r"\$(revision|hash)", "[a-z0-9]+", target.expression)
            if expression.startswith(_FIRING):
                server.query(expression)
            else:
                wait_for(lambda asked=expression: server.query(asked), f"{panel.title}: {expression}", _SECONDS)


def test_no_rule_fails(server: Server) -> None:
    assert {name: wrong for name, wrong in server.groups().items() if wrong} == {}


def test_what_is_recorded_is_what_was_reported(server: Server) -> None:
    def value(expression: str) -> float:
        [found] = wait_for(lambda: server.query(expression), expression, _SECONDS)
        return float(found["value"][1])

    assert value('coalmine_error_percent{app="reports", version="2.0.1-b"}') == pytest.approx(10)
    assert value('coalmine_error_percent{app="shop", version="shop-primary"}') == pytest.approx(10)
    assert value('coalmine_latency_milliseconds{app="shop", version="shop", quantile="p99"}') == pytest.approx(100)
    assert value('coalmine_release_phase{app="reports"}') == value('coalmine_release_phase{app="shop"}') == 3
