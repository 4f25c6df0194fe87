"""Objects without what says nothing and the API server does not keep: it would show as a change ever after."""

from typing import Any

Object = dict[str, Any]


def tidy(item: Object) -> Object:
    """The object without nulls, empty metadata and the empty text of a variable; a definition stays as it is."""
    if item["kind"] == "CustomResourceDefinition":
        return item
    said: Object = _said(item)
    metadata = {key: value for key, value in said["metadata"].items() if value != {}}
    return {**said, "metadata": metadata}


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"name", "value"} and value["value"] == "":
            return {"name": value["name"]}  # an environment variable: empty is what it is without a value
        return {key: _said(inside) for key, inside in value.items() if inside is not None}
    if isinstance(value, list):
        return [_said(inside) for inside in value]
    return value
