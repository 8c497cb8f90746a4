"""The Ultralytics engine, in the environment of requirements/gpu.txt."""
