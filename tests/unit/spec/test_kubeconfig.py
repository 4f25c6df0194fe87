"""How a stack names its kubeconfig: paths and encrypted contents, and no word of contents that stand in plain text."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.spec.cluster import StackSpec
from components.spec.kubeconfig import Kubeconfig
from tests.coalmine import coalmine
from tests.specs import Project, changed, example_app, stack_keys

CONTENTS = "kind: Config\nusers: [{name: me, user: {token: hunter2}}]\n"
ENCRYPTED = {"secure": "v1:FGzPf6hkVQQ=:AAAA"}


def with_kubeconfig(given: Any) -> dict[str, Any]:
    """The smallest valid stack with a kubeconfig."""
    return changed(stack_keys(), "cluster", "kubeconfig", to=given)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("~/.kube/config", Kubeconfig(path="~/.kube/config")),
        ("kubeconfig: with a colon", Kubeconfig(path="kubeconfig: with a colon")),
        (ENCRYPTED, Kubeconfig()),
        (None, None),
    ],
)
def test_a_stack_names_a_file_or_holds_what_only_pulumi_can_open(written: Any, means: Kubeconfig | None) -> None:
    assert StackSpec.model_validate(with_kubeconfig(written)).cluster.kubeconfig == means


@pytest.mark.parametrize("text", [CONTENTS, '{"users": [{"user": {"token": "hunter2"}}]}', "\n{token: hunter2}"])
def test_contents_in_plain_text_are_refused_without_a_word_of_them(tmp_path: Path, text: str) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack(with_kubeconfig(text))
    [message] = project.messages()
    assert message.startswith("stacks/Pulumi.test.yaml: coalmine:cluster.kubeconfig: holds credentials in plain text")
    assert "pulumi config set --secret --path 'coalmine:cluster.kubeconfig'" in message
    assert "hunter2" not in message
    with pytest.raises(ValidationError) as raised:
        StackSpec.model_validate(with_kubeconfig(text))
    assert "hunter2" not in str(raised.value), "pydantic's own message is what another program shows"


@pytest.mark.parametrize("wrong", ["", " ", 7, True, {}, {"secure": "v1:x", "token": "hunter2"}, [CONTENTS]])
def test_what_is_neither_is_refused_without_a_word_of_it(tmp_path: Path, wrong: Any) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack(with_kubeconfig(wrong))
    [message] = project.messages()
    assert "coalmine:cluster.kubeconfig: must be the path of a file, or its contents as a secret" in message
    assert "hunter2" not in message


def test_no_text_about_a_kubeconfig_holds_its_contents() -> None:
    secret = Kubeconfig(contents=CONTENTS)
    stack = StackSpec.model_validate(with_kubeconfig(secret))
    texts = (str(secret), repr(secret), f"{secret}", repr(stack), str(stack.model_dump()), stack.model_dump_json())
    assert not [text for text in texts if "hunter2" in text]
    assert '"[secret]"' in stack.model_dump_json()


@pytest.mark.parametrize(
    "verb", [("validate",), ("plan", "--stack", "test"), ("render", "--stack", "test", "--out", "out")]
)
def test_the_offline_verbs_need_no_key(tmp_path: Path, verb: tuple[str, ...]) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack(with_kubeconfig(ENCRYPTED))
    done = coalmine(*verb, cwd=tmp_path, environment={"PATH": "/nowhere", "KUBECONFIG": "/nowhere"})
    assert (done.returncode, done.stderr) == (0, "")
