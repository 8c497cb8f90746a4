"""The commands of the local machine."""
