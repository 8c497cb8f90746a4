"""The project: settings, the four tables (pages, API, sockets, schedule) and the processes."""
