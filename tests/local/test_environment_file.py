"""Addresses and secrets are kept whole, and from others."""

from pathlib import Path

from lpr_project.local.environment_file import read_environment, write_environment


def test_read_environment_absent_file_is_empty(tmp_path: Path) -> None:
    assert read_environment(tmp_path / ".env") == {}


def test_read_environment_understands_what_a_shell_does(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n"
        "\n"
        "LPR_PORT=8001\n"
        "export LPR_HOST='10.1.2.3'\n"
        "LPR_ALLOWED_HOSTS='[\"lpr.example\"]'\n"
        "LPR_LANGUAGE=th  # a comment behind\n"
        "LPR_EMAIL_URL=\n"
    )
    assert read_environment(file) == {
        "LPR_PORT": "8001",
        "LPR_HOST": "10.1.2.3",
        "LPR_ALLOWED_HOSTS": '["lpr.example"]',
        "LPR_LANGUAGE": "th",
        "LPR_EMAIL_URL": "",
    }


def test_write_environment_is_read_back_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "services.env"
    values = {"LPR_ENCRYPTION_KEYS": '["a="]', "LPR_REDIS_URL": "redis://:x@127.0.0.1:1"}
    write_environment(file, values)
    assert read_environment(file) == values
    assert file.stat().st_mode & 0o777 == 0o600
