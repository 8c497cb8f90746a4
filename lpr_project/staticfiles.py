"""How scripts, styles and pictures of the pages are collected."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class ModuleAwareStorage(CompressedManifestStaticFilesStorage):
    """Hashes file names also inside the `import` lines of JavaScript modules.

    Otherwise a browser could join a new module to an old one from its cache after an upgrade.
    """

    support_js_module_import_aggregation = True
