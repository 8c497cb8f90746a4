"""Frame in, plates out: pure Python and NumPy, shared by server, edge devices and benchmarks."""
