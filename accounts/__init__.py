"""Accounts: people, organizations, roles, API keys and the audit trail."""
