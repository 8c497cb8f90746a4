"""Everything that must be there before the server or a check can run."""

import os
from collections.abc import Mapping

from lpr_project.local.environment_file import read_environment
from lpr_project.local.installation import (
    collect_static_files,
    install_front_end_packages,
    install_python_packages,
)
from lpr_project.local.packages import install_missing
from lpr_project.local.paths import LOCAL, ROOT
from lpr_project.local.preflight import check_folder
from lpr_project.local.services import Services, prepare_services


def set_up(*, for_tests: bool = False) -> Services:
    """Install and create what is missing; a second time it only looks.

    Args:
        for_tests: Whether the tools of the checks are wanted too.

    Raises:
        LocalError: Something cannot be had; the message says what to do.
    """
    check_folder()
    install_missing(for_tests=for_tests)
    install_python_packages("recognition")
    if for_tests:
        install_python_packages("dev")
    install_front_end_packages()
    services = prepare_services(LOCAL, given_environment())
    collect_static_files()
    return services


def given_environment() -> Mapping[str, str]:
    """Read what a person has set: `.env`, and above it the environment."""
    return read_environment(ROOT / ".env") | dict(os.environ)
