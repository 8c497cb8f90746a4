"""The drawn camera: where a point of the road lies in the picture.

It hangs three metres above the road and looks down it. Metres run to the right (`x_m`), up
(`height_m`) and away from the camera (`distance_m`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadCamera:
    """A pinhole camera whose tilt is told by where its horizon lies, above the picture."""

    width_px: int = 1280
    height_px: int = 720
    focal_px: float = 1500.0
    mounted_m: float = 3.0
    horizon_px: float = -50.0
    center_px: float = 600.0

    def scale(self, distance_m: float) -> float:
        """Pixels in a metre, at a distance."""
        return self.focal_px / distance_m

    def point(self, x_m: float, height_m: float, distance_m: float) -> tuple[float, float]:
        """Where a point shows, in pixels."""
        scale = self.scale(distance_m)
        return (
            self.center_px + x_m * scale,
            self.horizon_px + (self.mounted_m - height_m) * scale,
        )
