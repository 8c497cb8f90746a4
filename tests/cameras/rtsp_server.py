"""A real RTSP server for the tests, in a process of its own: GStreamer's, from the distribution.

Run by the system's Python, which has the bindings; prints a line once it listens.
"""

import argparse

# The distribution's package, for the system's Python; the project's own has none.
import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", help="H.264 in MP4")
    parser.add_argument("--port", default="0")
    parser.add_argument("--password", help="of the user 'viewer', asked for by Digest")
    arguments = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f'( filesrc location="{arguments.clip}" ! qtdemux ! rtph264pay name=pay0 pt=96 )'
    )
    if arguments.password:
        _demand_password(server, factory, arguments.password)
    server.get_mount_points().add_factory("/live", factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)  # noqa: T201 - the test reads it
    GLib.MainLoop().run()


def _demand_password(
    server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, password: str
) -> None:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)  # noqa: FBT003
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)  # noqa: FBT003
    factory.set_permissions(permissions)
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest("viewer", password, token)
    server.set_auth(auth)


if __name__ == "__main__":
    main()
