"""The cdk8s side of the compile benchmark, run by an environment that holds cdk8s.

Arguments: the objects of one app as JSON, the values of every app as JSON, the folder to write. The least work that
gives the objects: no spec is read and nothing is checked.
"""

import json
import sys
from pathlib import Path

from cdk8s import ApiObject, App, Chart, JsonPatch, YamlOutputType


def main(template: Path, values: Path, out: str) -> None:
    """Makes a chart of every app, a file of every object."""
    text = template.read_text()
    app = App(outdir=out, yaml_output_type=YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE)
    for one in json.loads(values.read_text()):
        chart = Chart(app, one["name"])
        filled = text.replace("@name@", one["name"]).replace("@revision@", one["revision"])
        for manifest in json.loads(filled):
            _add(chart, manifest)
    app.synth()


def _add(chart: Chart, manifest: dict) -> None:
    api_version, kind, metadata = (manifest.pop(key) for key in ("apiVersion", "kind", "metadata"))
    name = f"{kind}-{metadata['name']}"
    made = ApiObject(chart, name, api_version=api_version, kind=kind, metadata=metadata)
    made.add_json_patch(*(JsonPatch.add(f"/{key}", value) for key, value in manifest.items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
