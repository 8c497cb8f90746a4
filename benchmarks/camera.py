"""A camera task's processor time against plain ffmpeg decoding of the same clip."""

import os
import subprocess
import time
from pathlib import Path

from benchmarks.result import Result
from benchmarks.stack import cpu_seconds, manage, running, scratch_server, wait_until

GOAL = 1.3
SETTLE_SECONDS = 10
WATCH_SECONDS = 60


def run() -> Result:
    """Watch the demonstration clip for a minute, then let ffmpeg decode as much of it."""
    with scratch_server() as environment:
        from django.conf import settings  # noqa: PLC0415

        from cameras.models import CameraStatus  # noqa: PLC0415
        from cameras.streams.demo.clip import ensure_demo_clip  # noqa: PLC0415
        from detections.models import FunnelHour  # noqa: PLC0415

        manage(environment, "seed_demo")
        clip = ensure_demo_clip(settings.SOURCES_DIR)
        with running(["streams", "recognition", "worker", "beat"], environment) as processes:
            online = CameraStatus.objects.filter(state=CameraStatus.State.ONLINE)
            wait_until(online.exists, "the camera to be online")
            time.sleep(SETTLE_SECONDS)
            before, began = cpu_seconds(processes["streams"]), time.monotonic()
            time.sleep(WATCH_SECONDS)
            task = cpu_seconds(processes["streams"]) - before
            watched = time.monotonic() - began
            frames = sum(FunnelHour.objects.values_list("frames", flat=True))
    plain = _ffmpeg_seconds(clip) * watched
    return Result(
        name="camera",
        figures={"camera_task_cpu_s": task, "frames_analysed_since_start": frames},
        limit={"ffmpeg_cpu_s": plain},
        reached=task / plain,
        goal=GOAL,
        better="lower",
        unit="times ffmpeg",
        conditions=(
            f"Demonstration clip, 1280 x 720, 15 frames a second, {watched:.0f} s, 8 a second "
            "analysed; all of the streams process counts, its idle Celery worker too."
        ),
    )


def _ffmpeg_seconds(clip: Path) -> float:
    """Processor time of ffmpeg for one second of the clip, one thread, pictures thrown away."""
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(clip), "-f", "null", "-"]
    before = os.times()
    subprocess.run(command, check=True)  # noqa: S603
    after = os.times()
    spent = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return spent / _duration_seconds(clip)


def _duration_seconds(clip: Path) -> float:
    import av  # noqa: PLC0415  # loads libav

    with av.open(str(clip)) as container:
        return float(container.duration or 0) / av.time_base
