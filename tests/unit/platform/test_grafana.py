"""Where Grafana finds data: metrics, logs and traces, and how one leads to the other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.platform.pieces import grafana
from tests.specs import Project, stack_keys

LOKI, TEMPO = "http://loki.logging:3100", "http://tempo.tracing:3200"


def sources(root: Path, **options: Any) -> dict[str, Any]:
    """What the server is told, by the kind of the source."""
    project = Project(root)
    project.stack({**stack_keys(), "apps": [], "platform": {"grafana": {"install": True, **options}}})
    text = grafana.data_sources(project.load().spec)
    return {one["uid"]: one for one in yaml.safe_load(text)["datasources"]}


def test_without_logs_and_traces_there_are_metrics_alone(tmp_path: Path) -> None:
    assert list(sources(tmp_path)) == ["prometheus"]


def test_logs_and_traces_lead_to_each_other(tmp_path: Path) -> None:
    found = sources(tmp_path, logs=LOKI, traces=TEMPO)
    assert {uid: one["url"] for uid, one in found.items() if uid != "prometheus"} == {"loki": LOKI, "tempo": TEMPO}
    [link] = found["loki"]["jsonData"]["derivedFields"]
    assert link["datasourceUid"] in found
    # With one `$` Grafana would fill in a variable of its environment.
    assert link["url"] == "$${__value.raw}"
    back = found["tempo"]["jsonData"]["tracesToLogsV2"]
    assert back["datasourceUid"] in found
    assert back["filterByTraceID"] is True
    assert [one for one, source in found.items() if source.get("isDefault")] == ["prometheus"]


@pytest.mark.parametrize(("option", "address"), [("logs", LOKI), ("traces", TEMPO)])
def test_one_alone_leads_nowhere(tmp_path: Path, option: str, address: str) -> None:
    [_, other] = sources(tmp_path, **{option: address}).values()
    assert other["url"] == address
    assert "jsonData" not in other, "a link to what is not there"


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"error","traceId":"0af7651916cd43dd8448eb211c80319c"}',
        "error trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331",
        "traceID: 0af7651916cd43dd8448eb211c80319c",
    ],
)
def test_a_trace_is_found_in_a_line(tmp_path: Path, line: str) -> None:
    [link] = sources(tmp_path, logs=LOKI, traces=TEMPO)["loki"]["jsonData"]["derivedFields"]
    found = re.search(link["matcherRegex"], line)
    assert found is not None
    assert found[1] == "0af7651916cd43dd8448eb211c80319c"
