"""The local machine: one command sets it up, runs the server on it and checks the code."""
