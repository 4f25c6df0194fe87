"""What Pulumi's engine runs: builds the pack and serves it until the engine is done.

The engine runs this folder as a script, outside of any package and whatever the folder's name is (a checkout, a wheel,
a downloaded pack), while every module here imports its neighbours relatively. So the folder is given its name first.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

PACKAGE = "coalmine_policies"


def load_folder_as_package(folder: Path) -> None:
    """Makes the pack importable as PACKAGE. Raises ImportError where the folder is no package."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is not a policy pack")
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    load_folder_as_package(Path(__file__).resolve().parent)
    importlib.import_module(f"{PACKAGE}.pack").serve()
