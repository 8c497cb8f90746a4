"""Frame sources: RTSP, HTTP, MJPEG, snapshots, files, folders and USB, behind one interface."""
