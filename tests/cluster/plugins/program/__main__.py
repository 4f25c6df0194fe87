"""A Pulumi program whose resources are listed in resources.json, so that a test states them as data."""

import json
from pathlib import Path
from typing import Any

import pulumi

_MADE: dict[str, pulumi.Resource] = {}


def _value(value: Any) -> Any:
    """The value with {"$id": NAME} and {"$secret": VALUE} resolved."""
    if isinstance(value, list):
        return [_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$id" in value:
        made = _MADE[value["$id"]]
        assert isinstance(made, pulumi.CustomResource), f"{value['$id']} has no id"
        return made.id
    if "$secret" in value:
        return pulumi.Output.secret(value["$secret"])
    return {key: _value(item) for key, item in value.items()}


def _options(item: dict[str, Any], provider: pulumi.ProviderResource | None) -> pulumi.ResourceOptions:
    options = dict(item.get("options", {}))
    depends_on = [_MADE[name] for name in options.pop("depends_on", [])]
    timeouts = options.pop("custom_timeouts", None)
    aliases = [pulumi.Alias(**alias) for alias in options.pop("aliases", [])]
    return pulumi.ResourceOptions(
        provider=provider,
        depends_on=depends_on,
        custom_timeouts=pulumi.CustomTimeouts(**timeouts) if timeouts else None,
        aliases=aliases,
        **options,
    )


def _made(item: dict[str, Any], provider: pulumi.ProviderResource | None) -> pulumi.Resource:
    """A resource, or (`component`) one that the plug-in makes with others below it."""
    if item["options"].pop("component", False):
        options = pulumi.ResourceOptions(providers={"kubernetes": provider} if provider else None)
        return pulumi.ComponentResource(item["type"], item["name"], _value(item["props"]), options, remote=True)
    return pulumi.CustomResource(item["type"], item["name"], _value(item["props"]), _options(item, provider))


def main() -> None:
    """Register the provider and all resources, in order; export their ids."""
    asked = json.loads(Path("resources.json").read_text(encoding="utf-8"))
    provider = None
    if asked["provider"] is not None:
        provider = pulumi.ProviderResource("kubernetes", "provider", asked["provider"])
    for item in asked["resources"]:
        chosen = provider if item["type"].startswith("kubernetes:") else None
        made = _made(item, chosen)
        _MADE[item["name"]] = made
        if isinstance(made, pulumi.CustomResource):
            pulumi.export(item["name"], made.id)


main()
