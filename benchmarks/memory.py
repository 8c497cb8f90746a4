"""Memory of every process while the demonstration camera is watched."""

import time

from benchmarks.result import Result
from benchmarks.stack import manage, memory_mib, programs, running, scratch_server, wait_until

GOAL_MIB = 600
SETTLE_SECONDS = 40


def run() -> Result:
    """Start all programs of the Procfile, watch the demonstration, and ask the kernel."""
    with scratch_server() as environment:
        environment["LPR_PORT"] = "8391"
        from cameras.models import CameraStatus  # noqa: PLC0415

        manage(environment, "seed_demo")
        with running(list(programs()), environment) as processes:
            online = CameraStatus.objects.filter(state=CameraStatus.State.ONLINE)
            wait_until(online.exists, "the camera to be online")
            time.sleep(SETTLE_SECONDS)
            figures = {f"{name}_mib": memory_mib(pid) for name, pid in processes.items()}
    return Result(
        name="memory",
        figures={**figures, "all_mib": sum(figures.values())},
        limit={},
        reached=figures["recognition_mib"],
        goal=GOAL_MIB,
        better="lower",
        unit="MiB in the recognition worker",
        conditions="Proportional set size with all children, one camera, default models.",
    )
