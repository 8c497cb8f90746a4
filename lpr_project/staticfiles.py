"""How scripts, styles and pictures of the pages are collected."""

from typing import Any

from django.conf import settings
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

OWN_SCRIPTS = [f"{folder.name}/*.js" for folder in (settings.BASE_DIR / "static").glob("*/")]


class ModuleAwareStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Hashes file names also inside the `import` lines of the product's own JavaScript modules.

    Otherwise a browser could join a new module to an old one from its cache after an upgrade.
    Packages are left alone: some of them name modules that they do not bring.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *(
            (
                name,
                CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],  # noqa: SLF001  # for all or none
            )
            for name in OWN_SCRIPTS
        ),
    )

    def create_compressor(self, **options: Any) -> Compressor:
        """Compress with gzip alone.

        WhiteNoise takes Brotli as soon as any package brings it, and its best quality costs over a
        minute of processor time at the first start, for a few kilobytes.
        """
        return super().create_compressor(**{**options, "use_brotli": False})
