"""Detections: vehicles passing cameras, from the frame to the row that everything else hangs on."""
