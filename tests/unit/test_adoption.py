"""Whose an object is that exists already, and what of it stays as controllers left it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from components import adoption
from components.adoption import Existing, Reference, UnknownError, keeping, refusal
from components.spec.kubeconfig import Kubeconfig

SERVICE = Reference("v1", "Service", "shop", "shop-stable")
ROUTE = Reference("networking.istio.io/v1", "VirtualService", "shop", "shop")
RESOURCE = "coalmine:index:App$kubernetes:core/v1:Service::shop/Service/shop-stable"


def live(label: str | None = None, resource: str | None = None, **metadata: Any) -> dict[str, Any]:
    """A live object."""
    labels = {"coalmine.dev/stack": label} if label else {}
    annotations = {"coalmine.dev/resource": resource} if resource else {}
    return {"metadata": {"labels": labels, "annotations": annotations, **metadata}}


def said(found: dict[str, Any], reference: Reference = SERVICE) -> str | None:
    """Why the stack coalmine.production may not take an object over."""
    return refusal(found, reference, "coalmine.production", RESOURCE)


@pytest.mark.parametrize("resource", [RESOURCE, None], ids=["of the same resource", "handed over by its label alone"])
def test_an_object_with_this_stacks_label_is_taken_over(resource: str | None) -> None:
    assert said(live("coalmine.production", resource)) is None


def test_an_object_of_another_stack_is_refused_with_its_owner_and_the_remedies() -> None:
    assert said(live("coalmine.staging", RESOURCE)) == (
        "Service shop/shop-stable exists already and belongs to the stack 'coalmine.staging': delete it, or choose "
        "another name, or hand it over with `kubectl label --overwrite -n shop service shop-stable "
        "coalmine.dev/stack=coalmine.production`; it was not changed"
    )


def test_an_object_of_no_stack_is_refused_with_what_is_known_of_it() -> None:
    managed = live(labels={"app.kubernetes.io/managed-by": "Helm"})
    written = live(managedFields=[{"manager": "kubectl-create"}, {"manager": "argo"}, {"manager": "argo"}])
    assert "belongs to no stack, but to 'Helm':" in str(said(managed))
    assert "belongs to no stack (written by kubectl-create, argo):" in str(said(written))
    assert "belongs to no stack:" in str(said({"metadata": {"name": "bare"}}))


def test_the_command_that_hands_an_object_over_is_one_that_kubectl_understands() -> None:
    assert "`kubectl label --overwrite -n shop virtualservice.networking.istio.io shop coal" in str(said(live(), ROUTE))
    assert "`kubectl label --overwrite namespace shop coal" in str(
        said(live(), Reference("v1", "Namespace", "", "shop"))
    )


def test_an_object_of_a_resource_that_was_renamed_is_refused_because_it_would_be_deleted() -> None:
    message = str(said(live("coalmine.production", RESOURCE.replace("::shop", "::store"))))
    assert "::store/Service/shop-stable, with which it would be deleted" in message
    assert "give the resource that was renamed or moved an alias" in message
    assert "`kubectl annotate -n shop service shop-stable coalmine.dev/resource-`" in message


def test_whole_fields_of_controllers_are_kept_and_nothing_else() -> None:
    manifest = {"metadata": {"name": "a"}, "spec": {"selector": {"app": "a"}, "type": "ClusterIP"}}
    found = {"spec": {"selector": {"app": "a", "hash": "1"}, "type": "NodePort", "replicas": 3}}
    kept = keeping(manifest, found, ["spec.selector", "spec.replicas", "spec.none.here"])
    assert kept["spec"] == {"selector": {"app": "a", "hash": "1"}, "type": "ClusterIP"}
    assert manifest["spec"]["selector"] == {"app": "a"}, "the manifest itself was changed"
    kept["spec"]["selector"]["hash"] = "2"
    assert found["spec"]["selector"]["hash"] == "1", "the live object is shared"


@dataclass
class Served:
    """Fields: `kubeconfig`; `answers`: path -> body, else 404; `asked`: the paths; `status`: of what is answered;
    `forbidden`: paths that are refused.
    """

    kubeconfig: Path
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    forbidden: set[str] = field(default_factory=set)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An API server of a few answers."""
    made = Served(tmp_path / "kubeconfig")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            made.asked.append(self.path)
            there = self.path in made.answers
            body = json.dumps(made.answers.get(self.path, {"reason": "NotFound", "message": "not found"})).encode()
            self.send_response(403 if self.path in made.forbidden else made.status if there else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.kubeconfig.write_text(kubeconfig(f"http://127.0.0.1:{server.server_port}"), encoding="utf-8")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def kubeconfig(server: str) -> str:
    """A kubeconfig without credentials."""
    content = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
    }
    return json.dumps(content)


VERSION = "/apis/networking.istio.io/v1"
KINDS = {"resources": [{"name": "gateways", "kind": "Gateway"}, {"name": "virtualservices", "kind": "VirtualService"}]}


def test_an_object_is_found_where_its_kind_is_served_which_is_asked_once(served: Served) -> None:
    path = f"{VERSION}/namespaces/shop/virtualservices/shop"
    served.answers = {VERSION: KINDS, path: {"metadata": {"name": "shop"}}}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    assert existing.find(ROUTE) == {"metadata": {"name": "shop"}}
    assert existing.find(Reference(ROUTE.api_version, ROUTE.kind, "shop", "other")) is None
    assert served.asked == [VERSION, path, path.replace("/shop/virtualservices/shop", "/shop/virtualservices/other")]


def test_a_kind_that_is_not_there_yet_has_no_objects_and_is_asked_for_again(served: Served) -> None:
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    assert existing.find(ROUTE) is None
    served.answers = {VERSION: KINDS, f"{VERSION}/namespaces/shop/virtualservices/shop": {"metadata": {}}}
    assert existing.find(ROUTE) == {"metadata": {}}, "the CRD came meanwhile, in the same update"


def test_a_preview_without_a_cluster_has_no_objects_and_asks_once(tmp_path: Path, served: Served) -> None:
    closed = tmp_path / "closed"
    closed.write_text(kubeconfig("http://127.0.0.1:1"), encoding="utf-8")
    for path in (closed, tmp_path / "none"):
        existing = Existing(Kubeconfig(str(path)), None, optional=True)
        assert existing.find(ROUTE) is None
        path.write_text(served.kubeconfig.read_text(encoding="utf-8"), encoding="utf-8")
        assert existing.find(ROUTE) is None
    assert served.asked == [], "a server that is away costs seconds, and once is enough"


def test_a_preview_that_may_not_read_one_kind_still_asks_for_others(served: Served) -> None:
    served.answers, served.status = {VERSION: {"reason": "Forbidden", "message": "no"}}, 403
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=True)
    assert existing.find(ROUTE) is None
    served.answers, served.status = {"/api/v1": {"resources": [{"name": "services", "kind": "Service"}]}}, 200
    assert existing.find(SERVICE) is None
    assert served.asked[-1] == "/api/v1/namespaces/shop/services/shop-stable"


NAMESPACES = "/api/v1/namespaces"
SHOP = {"items": [{"metadata": {"name": "shop"}}]}
ROUTES = f"{VERSION}/virtualservices?labelSelector=coalmine.dev%2Fstack%3Dcoalmine.local"


def other(name: str) -> Reference:
    return Reference(ROUTE.api_version, ROUTE.kind, "shop", name)


def test_where_the_kinds_of_a_version_are_comes_with_one_answer_and_a_new_kind_is_asked_for_again(
    served: Served,
) -> None:
    served.answers = {VERSION: {"resources": KINDS["resources"][:1]}}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    gateway = Reference(ROUTE.api_version, "Gateway", "shop", "shop")
    existing.learn(gateway)
    assert existing.find(gateway) is None
    assert existing.find(ROUTE) is None, "its kind is not there yet"
    served.answers = {VERSION: KINDS, f"{VERSION}/namespaces/shop/virtualservices/shop": {"metadata": {}}}
    assert existing.find(ROUTE) == {"metadata": {}}
    existing.learn(gateway)
    assert served.asked.count(VERSION) == 3, "at first, and each time a kind was not known"


def test_what_a_stack_has_comes_with_one_request_for_all_of_a_kind(served: Served) -> None:
    live = {"metadata": {"namespace": "shop", "name": "shop"}, "spec": {"http": []}}
    served.answers = {NAMESPACES: SHOP, VERSION: KINDS, ROUTES: {"items": [live]}}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    assert existing.labelled(ROUTE, "coalmine.local") == live
    assert existing.labelled(other("elsewhere"), "coalmine.local") is None
    assert served.asked == [NAMESPACES, VERSION, ROUTES], "a hundred apps would ask a hundred times, in every run"


def test_a_user_who_may_not_list_a_kind_is_told_of_one_object_at_a_time(served: Served) -> None:
    path = f"{VERSION}/namespaces/shop/virtualservices/shop"
    served.answers = {NAMESPACES: SHOP, VERSION: KINDS, path: {"metadata": {}}}
    served.forbidden.add(ROUTES)
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    assert existing.labelled(ROUTE, "coalmine.local") == {"metadata": {}}
    assert existing.labelled(other("none"), "coalmine.local") is None
    assert served.asked.count(ROUTES) == 1


def test_nothing_is_asked_for_in_a_namespace_that_is_not_there(served: Served) -> None:
    served.answers = {NAMESPACES: {"items": []}, VERSION: KINDS, ROUTES: {"items": []}}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    assert existing.labelled(ROUTE, "coalmine.local") is None
    assert served.asked == [NAMESPACES], "a first update would list every kind of object there is"


def test_what_came_into_a_new_namespace_comes_with_one_request_for_all_of_a_kind(served: Served) -> None:
    routes = f"{VERSION}/namespaces/shop/virtualservices"
    foreign = {"metadata": {"namespace": "shop", "name": "shop"}}
    served.answers = {VERSION: KINDS, routes: {"items": [foreign]}}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(existing.find_in_new, [ROUTE, *map(other, "abcdefg")]))
    assert found == [foreign, *[None] * 7], "whoever made it, it must not be taken over silently"
    assert served.asked.count(routes) == 1, "a hundred apps would ask a hundred times, and four threads four times"
    assert set(served.asked) == {VERSION, routes}


def test_that_a_namespace_is_not_there_is_known_from_one_request(served: Served) -> None:
    served.answers = {NAMESPACES: SHOP}
    existing = Existing(Kubeconfig(str(served.kubeconfig)), None, optional=True)
    assert not existing.lacks_namespace("shop")
    assert existing.lacks_namespace("cart")
    assert served.asked == [NAMESPACES]


def test_a_namespace_that_may_not_be_seen_may_be_there(served: Served, tmp_path: Path) -> None:
    served.forbidden.add(NAMESPACES)
    closed = tmp_path / "closed"
    closed.write_text(kubeconfig("http://127.0.0.1:1"), encoding="utf-8")
    for path in (served.kubeconfig, closed):
        assert not Existing(Kubeconfig(str(path)), None, optional=True).lacks_namespace("shop")


def test_a_request_that_the_api_server_puts_off_is_made_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it does for the first objects of a kind whose CRD came with the same update."""

    def wait(_seconds: float) -> None:
        served.status = 200

    monkeypatch.setattr(adoption.time, "sleep", wait)
    served.answers, served.status = {VERSION: KINDS}, 429
    assert Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False).find(ROUTE) is None
    assert served.asked[:2] == [VERSION, VERSION]


def test_an_update_does_not_guess_what_it_cannot_read(served: Served) -> None:
    served.answers, served.status = {VERSION: {"reason": "Forbidden", "message": "no rights"}}, 403
    with pytest.raises(UnknownError, match=r"^whether VirtualService shop/shop exists cannot be told: .*no rights$"):
        Existing(Kubeconfig(str(served.kubeconfig)), None, optional=False).find(ROUTE)
