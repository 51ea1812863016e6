#!/usr/bin/env python3
"""Checks a plugin's OpenAPI document, and the plugin against its document.

    python3 tests/openapi/run.py PLUGIN.pconf [DOCUMENT.json]

starts the plugin that the file announces, as a host does. openapi-spec-validator reads the
document, and schemathesis calls the plugin with what the document allows and with what it does
not. Without a second argument the document is what the plugin answers to `GET /openapi.json`,
before its activation and after it. `requirements.txt` is what this needs. The exit status is 0 if
nothing is wrong.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from openapi_spec_validator import validate

from forward import Forwarder
from host import Announced, Plugin

HERE = pathlib.Path(__file__).resolve().parent


def document(plugin):
    """What the plugin answers to `GET /openapi.json`."""
    media_type, body = plugin.request("GET", "/openapi.json")
    assert media_type == "application/json", media_type
    return json.loads(body)


def call_by_document(document, socket, *options):
    """Runs schemathesis; returns its exit status."""
    with tempfile.TemporaryDirectory(prefix="goplug-openapi-") as folder:
        path = pathlib.Path(folder) / "openapi.json"
        path.write_text(json.dumps(document))
        tester = pathlib.Path(sys.executable).with_name("schemathesis")
        with Forwarder(socket) as forwarder:
            command = [tester, "--config-file", HERE / "schemathesis.toml", "run", path,
                       "--url", forwarder.url, "--no-color", *options]
            # It leaves files in its working directory.
            environment = {**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "hooks"}
            return subprocess.run(command, cwd=folder, env=environment).returncode


def main(pconf, given=None):
    plugin = Plugin(Announced(pconf))
    try:
        if given:
            described = json.loads(pathlib.Path(given).read_text())
            plugin.activate()
            # What has no schema accepts any value; the plugin does not.
            options = ["--exclude-checks", "positive_data_acceptance"]
        else:
            described, options = document(plugin), []
            plugin.activate()
            assert document(plugin) == described, "the activation changed the document"
        validate(described)
        print(f"{described['info']['title']}: the document is valid", flush=True)
        status = call_by_document(described, plugin.socket, *options)
        assert plugin.is_alive(), f"the plugin has ended: {''.join(plugin.lines)}"
        plugin.request("POST", "/Stop")
        assert plugin.exit() == 0
    finally:
        plugin.close()
    sys.exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
