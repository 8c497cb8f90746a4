"""Staff pages of people, organizations, members, API keys and the audit trail."""

from accounts.admin import access_reasons, api_keys, audit, members, organizations, people  # noqa: F401
