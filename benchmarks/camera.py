"""A camera task's processor time against plain ffmpeg decoding of the same clip."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.result import Result
from benchmarks.stack import cpu_seconds, manage, running, scratch_server, wait_until

if TYPE_CHECKING:
    from av import VideoFrame

GOAL = 1.3
SETTLE_SECONDS = 10
IDLE_SECONDS = 20
WATCH_SECONDS = 60
# What an IP camera sends: 1080p at 25 frames a second, High profile, 6 Mbit/s of a noisy scene.
CAMERA_LIKE = {"preset": "veryfast", "bf": "0"}
CAMERA_BITS_PER_S = 6_000_000
CAMERA_FPS, CAMERA_FRAMES, CAMERA_NOISE = 25, 400, 5.0


def run() -> Result:
    """Watch two clips for a minute each, then let ffmpeg decode as much of both."""
    with scratch_server() as environment:
        from django.conf import settings  # noqa: PLC0415

        from cameras.streams.demo.clip import ensure_demo_clip  # noqa: PLC0415

        with running(["streams"], environment) as processes:
            time.sleep(SETTLE_SECONDS)
            idle = _spent_per_second(processes["streams"], IDLE_SECONDS)
        folder = settings.SOURCES_DIR / "cameras" / "demonstration"
        demo = ensure_demo_clip(folder)
        manage(environment, "seed_demo")
        flat = _watch(environment)
        like = _render_camera_like(folder)
        _play(like.name)
        real = _watch(environment)
    plain, paced = _ffmpeg(demo), _ffmpeg(demo, "-re")
    like_plain, like_paced = _ffmpeg(like), _ffmpeg(like, "-re")
    return Result(
        name="camera",
        figures={
            "streams_ms_per_s": flat * 1000,
            "idle_streams_ms_per_s": idle * 1000,
            "times_ffmpeg_at_camera_pace": flat / paced,
            "camera_like_streams_ms_per_s": real * 1000,
            "camera_like_times_ffmpeg": real / like_plain,
            "camera_like_times_ffmpeg_at_camera_pace": real / like_paced,
        },
        limit={
            "ffmpeg_ms_per_s": plain * 1000,
            "ffmpeg_at_camera_pace_ms_per_s": paced * 1000,
            "camera_like_ffmpeg_ms_per_s": like_plain * 1000,
            "camera_like_ffmpeg_at_camera_pace_ms_per_s": like_paced * 1000,
        },
        reached=flat / plain,
        goal=GOAL,
        better="lower",
        unit="times ffmpeg",
        conditions=(
            f"Processor time of the streams process, in milliseconds a second over {WATCH_SECONDS} "
            "s, its idle Celery worker included and also measured alone; 8 frames a second "
            "analysed, nobody on the live page. The figure is of the demonstration clip, 1280 x "
            "720, 15 frames a second, drawn flat so that ffmpeg decodes a frame in under a "
            "millisecond. The camera-like clip has the same scene at 1920 x 1080, 25 frames a "
            "second, with a sensor's noise, H.264 High at "
            f"{CAMERA_BITS_PER_S // 1_000_000} Mbit/s. ffmpeg decodes with one thread and throws "
            "pictures away: as fast as it can, and at the pace of the camera (-re), where it "
            "sleeps between frames as whoever watches a camera must."
        ),
    )


def _watch(environment: Mapping[str, str]) -> float:
    """Seconds of processor time a second that the streams process takes with its camera."""
    from cameras.models import CameraStatus  # noqa: PLC0415  # set up only now

    CameraStatus.objects.update(state=CameraStatus.State.OFF)
    with running(["streams", "recognition", "worker", "beat"], environment) as processes:
        online = CameraStatus.objects.filter(state=CameraStatus.State.ONLINE)
        wait_until(online.exists, "the camera to be online")
        time.sleep(SETTLE_SECONDS)
        return _spent_per_second(processes["streams"], WATCH_SECONDS)


def _spent_per_second(process_id: int, seconds: float) -> float:
    before, began = cpu_seconds(process_id), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(process_id) - before) / (time.monotonic() - began)


def _play(clip: str) -> None:
    """Let the camera play another clip."""
    from cameras.models import Camera  # noqa: PLC0415  # set up only now
    from cameras.services import update_camera  # noqa: PLC0415

    update_camera(camera=Camera.objects.get(), actor=None, source_url=clip)


def _render_camera_like(folder: Path) -> Path:
    """The demonstration's scene as an IP camera would send it: larger, faster, noisy."""
    import av  # noqa: PLC0415  # loads libav

    path = folder / "benchmark-camera-like-1.mp4"
    if path.exists():
        return path
    unfinished = path.with_suffix(f".{os.getpid()}.mp4")
    with av.open(unfinished, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=CAMERA_FPS, options=CAMERA_LIKE)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.gop_size, stream.bit_rate = 2 * CAMERA_FPS, CAMERA_BITS_PER_S
        for frame in _noisy_frames():
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return unfinished.replace(path)


def _noisy_frames() -> "Iterator[VideoFrame]":
    from itertools import islice  # noqa: PLC0415

    import av  # noqa: PLC0415
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    from cameras.streams.demo.clip import draw_frames  # noqa: PLC0415

    random = np.random.default_rng(1)
    noise = (random.standard_normal((1240, 2080, 1), np.float32) * CAMERA_NOISE).astype(np.int16)
    for picture in islice(draw_frames(), CAMERA_FRAMES):
        large = cv2.resize(picture, (1920, 1080), interpolation=cv2.INTER_CUBIC)
        row, column = random.integers(160, size=2)
        noisy = large + noise[row : row + 1080, column : column + 1920]
        frame = av.VideoFrame.from_ndarray(np.clip(noisy, 0, 255).astype(np.uint8), "bgr24")
        yield frame.reformat(format="yuv420p", dst_colorspace="ITU709", threads=1)


def _ffmpeg(clip: Path, *options: str) -> float:
    """Processor time of ffmpeg for one second of the clip, one thread, pictures thrown away."""
    command = ["ffmpeg", "-v", "error", "-threads", "1", *options, "-i", str(clip)]
    before = os.times()
    subprocess.run([*command, "-f", "null", "-"], check=True)  # noqa: S603
    after = os.times()
    spent = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return spent / _duration_seconds(clip)


def _duration_seconds(clip: Path) -> float:
    import av  # noqa: PLC0415  # loads libav

    with av.open(str(clip)) as container:
        return float(container.duration or 0) / av.time_base
