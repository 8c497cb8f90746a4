"""`manage.py models list|pull|verify`: what recognition models there are, and whether sound."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from detections.recognition.download import pull
from detections.recognition.errors import RecognitionError
from detections.recognition.registry import ModelEntry, ModelRegistry


class Command(BaseCommand):
    """Lists, fetches and verifies recognition models; needs no database."""

    help = "List, pull or verify recognition models."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="Show what there is and what is installed.")
        listing.add_argument("--json", action="store_true", help="Print one JSON object a line.")
        pulling = actions.add_parser("pull", help="Fetch models into LPR_MODELS_DIR.")
        pulling.add_argument("names", nargs="+", metavar="NAME")
        verifying = actions.add_parser("verify", help="Compare files with their SHA-256.")
        verifying.add_argument("names", nargs="*", metavar="NAME", help="Default: all installed.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            registry = ModelRegistry.load(Path(settings.MODELS_DIR))
        except RecognitionError as error:
            raise CommandError(str(error)) from error
        if options["action"] == "list":
            self._list(registry, as_json=options["json"])
            return
        names = options["names"] or [
            model.name for model in registry.models.values() if registry.is_installed(model)
        ]
        act = self._pull if options["action"] == "pull" else self._verify
        failures = 0
        for name in names:
            try:
                act(registry, name)
            except RecognitionError as error:
                self.stderr.write(str(error))
                failures += 1
        if failures:
            raise CommandError(f"{failures} of {len(names)} models failed.")

    def _pull(self, registry: ModelRegistry, name: str) -> None:
        fetched = pull(registry, name)
        self.stdout.write(f"{name}: " + (", ".join(map(str, fetched)) or "already installed"))

    def _verify(self, registry: ModelRegistry, name: str) -> None:
        paths = registry.verified_paths(registry.model(name))
        self.stdout.write(f"{name}: sound ({', '.join(map(str, paths))})")

    def _list(self, registry: ModelRegistry, *, as_json: bool) -> None:
        for model in registry.models.values():
            described = _described(registry, model)
            self.stdout.write(
                json.dumps(described, ensure_ascii=False) if as_json else _as_text(described)
            )


def _described(registry: ModelRegistry, model: ModelEntry) -> dict[str, Any]:
    sets = [models.name for models in registry.sets.values() if model.name in models.members]
    return {**asdict(model), "sets": sets, "installed": registry.is_installed(model)}


def _as_text(described: dict[str, Any]) -> str:
    state = "installed" if described["installed"] else "not installed"
    lines = [f"{described['name']} ({described['kind']}, {described['licence']}): {state}"]
    for field in ("source", "training_data", "accuracy", "input", "alphabet", "sets"):
        value = described[field]
        if value:
            text = ", ".join(value) if field == "sets" else value
            lines.append(f"    {field.replace('_', ' ')}: {text}")
    return "\n".join(lines)
